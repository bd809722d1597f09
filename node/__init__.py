"""One county's market: desks over a market, working with or without network."""
