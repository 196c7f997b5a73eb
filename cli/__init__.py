"""What people type: `landbridge …`, one module a command. Nothing is decided here; each command calls the room that knows."""
