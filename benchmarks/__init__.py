"""What the program costs and how fast it is, with yardsticks from the same run beside each figure.

`python -m benchmarks --help` says what there is; README.md says what each measures.
"""
