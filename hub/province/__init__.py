"""What the province knows and decides: register, intake, deliveries, alarms. No Flask."""
