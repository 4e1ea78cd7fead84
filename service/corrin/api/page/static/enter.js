// enter
