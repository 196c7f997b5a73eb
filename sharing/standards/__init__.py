"""Open standards out: the catalogue and the rates in the forms that other systems read. Nothing is sent anywhere; files are written."""
