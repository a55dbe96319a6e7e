"""Where the bytes of files are: staging, the virus scanner, and a folder or a bucket to keep them.

The storage is `django.core.files.storage.default_storage`, a Disk or a Bucket.
"""
