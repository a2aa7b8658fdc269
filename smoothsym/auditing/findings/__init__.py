"""What failed is told so that anyone can use it: its cause, at an input that can be read, with lines that show it and code that passes."""
