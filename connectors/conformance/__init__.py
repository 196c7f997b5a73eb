"""The suite that every connector passes: subclass ConnectorConformance of suite.py and name your class."""
