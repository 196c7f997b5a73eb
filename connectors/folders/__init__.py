"""Where files are delivered: local folders, SFTP, FTP, S3 and HTTP. From a pattern to whole, unpacked local paths."""
