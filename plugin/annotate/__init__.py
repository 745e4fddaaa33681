"""``tam annotate``: the data engine of tam_core/annotate with a page, a service and a command line around it."""
