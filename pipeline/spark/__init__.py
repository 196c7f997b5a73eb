"""The second engine of the models: Spark reads the lake's files, DuckDB writes what differs. Imported only where LANDBRIDGE_ENGINE=spark."""
