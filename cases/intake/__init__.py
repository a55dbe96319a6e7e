"""What is in a file that was sent: a path in, a `Reading` out, without Django or a database.

`reader.read` is the door; a module stands for each kind of file. A reader never raises for what
is in a file: what it cannot read is a finding and a sentence.
"""
