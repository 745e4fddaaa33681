"""OBS itself. Nothing else of the script imports obspython; every reference that is taken here is given back here."""
