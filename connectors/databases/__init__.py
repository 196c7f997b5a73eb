"""Databases: one connector for every SQLAlchemy dialect, and a faster way by column for PostgreSQL and MySQL/MariaDB."""
