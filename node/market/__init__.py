"""What a hall may do and needs to find. No Flask, no network; writes go through the recorder."""
