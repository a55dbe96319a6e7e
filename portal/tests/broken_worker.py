"""A worker that breaks once it has started, and whose pool then never ends."""

import signal

from celery import bootsteps

from portal.celery import app


class Broken(bootsteps.StartStopStep):
    def start(self, consumer):
        raise RuntimeError("The pool said something that nobody understands.")


class Endless(bootsteps.StartStopStep):
    def start(self, worker):
        """Nothing; only what was started is stopped."""

    def stop(self, worker):
        signal.pause()


app.steps["consumer"].add(Broken)
app.steps["worker"].add(Endless)
