"""What all gunicorns of the portal have in common; read from the folder in which one starts."""

worker_class = "portal.http.web_worker.Worker"
threads = 16
# Loaded once, so that its first lines are in the form of all others too.
preload_app = True
