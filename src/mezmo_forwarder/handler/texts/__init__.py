"""What is told from a text alone: JSON literals, patterns, shapes of stack traces, fields, templates."""
