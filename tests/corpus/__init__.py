"""What people, programs and attackers send: names, files, texts, addresses and headers.

Nothing large is committed: all of it is made by these modules, the same each time for a seed.
"""
