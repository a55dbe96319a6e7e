"""What people, programs and attackers send: names, files, texts, addresses and headers.

A few of each kind; what is large is made by these modules, and any others are drawn in tests/fuzz.
"""
