from django.dispatch import Signal

# Sent inside the transaction that moves a case: case, before (Progress), actor, now.
progress_changed = Signal()
