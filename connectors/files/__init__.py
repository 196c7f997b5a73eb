"""Files by their form – CSV, Excel, JSON, XML, Parquet, fixed width, dBase – read from local paths. How they come here is the matter of folders/."""
