"""The steps of a batch job over any number of logs, each a function of Arrow batches that runs in a worker of a cluster.

They call the same stages and the same dedup functions as one machine does, so that both decide the same. Nothing here knows Spark:
``pipelines/spark.py`` says which rows come to which step, in which order.
"""
