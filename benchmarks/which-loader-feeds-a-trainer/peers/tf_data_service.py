"""tf.data service: a server process with dispatcher and worker holds one batch in memory and sends it again and again."""

import contextlib
import subprocess
import sys

import tensorflow as tf
from arm import Loader, serve
from tensorflow.data.experimental import service


def run_server() -> None:
    dispatcher = service.DispatchServer()
    address = dispatcher.target.split("://")[1]
    worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
    print(dispatcher.target, flush=True)
    worker.join()


@contextlib.contextmanager
def open_loader(job: dict):
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        target = server.stdout.readline().strip()
        shape = [job["batch"], *job["patch"]]

        def batch(_):
            image = tf.random.uniform([shape[0], 1, *shape[1:]])
            return image, tf.cast(image[:, 0] > 0.5, tf.uint8)

        dataset = tf.data.Dataset.range(1).map(batch).cache().repeat()
        dataset = dataset.apply(
            service.distribute(service.ShardingPolicy.OFF, target, compression=None)
        ).prefetch(tf.data.AUTOTUNE)
        yield Loader(iter(dataset))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    run_server() if "--serve" in sys.argv else serve(open_loader)
