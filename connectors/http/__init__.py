"""Interfaces over HTTP: logging in, turning pages, waiting when told to, and records out of JSON answers."""
