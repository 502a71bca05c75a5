"""One verb a file: `add_arguments(parser)` and `run(args) -> int`. Heavy imports are lazy."""
