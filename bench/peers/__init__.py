"""Our bot and one assembled from pipecat, rung by the same callers: `python -m bench.peers`."""
