"""Blueprints, one per desk: request -> market -> page. Nothing else belongs here."""
