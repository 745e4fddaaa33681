"""The local service: it does the work for every host and serves the page. ``tam serve`` runs it."""
