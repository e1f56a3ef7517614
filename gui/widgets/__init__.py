"""What is seen: thin widgets that show `gui.views` and send what the player does."""
