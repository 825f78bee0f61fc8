"""tf.data service: dispatcher and worker in a process of their own.

--cached: they hold one batch in memory and send it again and again. Else they cut patches from volumes in memory.
"""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import tensorflow as tf
from arm import Loader, serve
from tensorflow.data.experimental import service


def run_server() -> None:
    dispatcher = service.DispatchServer()
    address = dispatcher.target.split("://")[1]
    worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
    print(dispatcher.target, flush=True)
    worker.join()


def one_batch(job: dict) -> tf.data.Dataset:
    shape = [job["batch"], *job["patch"]]

    def batch(_):
        image = tf.random.uniform([shape[0], 1, *shape[1:]])
        return image, tf.cast(image[:, 0] > 0.5, tf.uint8)

    return tf.data.Dataset.range(1).map(batch).cache().repeat()


def cut_batches(job: dict) -> tf.data.Dataset:
    """Half of a batch around foreground voxels of one case, half anywhere in another one (Split-Crop)."""
    root, patch, size = Path(job["volumes"]), tf.constant(job["patch"]), job["batch"]
    around_foreground = round(size * job["foreground"])
    cases = json.loads((root / "volumes.json").read_text())["cases"]
    names = [str(root / case["id"]) for case in cases]
    shapes = [case["shape"][1:] for case in cases]

    def load(name, shape):
        raw = lambda suffix, of: tf.io.decode_raw(tf.io.read_file(name + suffix), of)
        image = tf.reshape(raw(".image", tf.float32), shape)
        label = tf.reshape(raw(".label", tf.int16), shape)
        located = [raw(f".locations.{value}", tf.int32) for value in cases[0]["classes"]]
        locations = tf.reshape(tf.concat(located, 0), [-1, 3])
        missing = tf.maximum(patch - shape, 0)
        padding = tf.stack([missing // 2, missing - missing // 2], 1)
        return tf.pad(image, padding), tf.pad(label, padding), locations + missing // 2

    def cut(image, label, lower):
        images = tf.map_fn(lambda at: tf.slice(image, at, patch), lower, fn_output_signature=tf.float32)
        labels = tf.map_fn(lambda at: tf.slice(label, at, patch), lower, fn_output_signature=tf.int16)
        return images, tf.cast(tf.maximum(labels, 0), tf.uint8)

    def batch(one, other):
        image, label, locations = one
        drawn = tf.random.uniform([around_foreground], 0, tf.shape(locations)[0], tf.int32)
        most = tf.shape(image) - patch
        foreground = cut(image, label, tf.clip_by_value(tf.gather(locations, drawn) - patch // 2, 0, most))
        image, label, _ = other
        most = tf.shape(image) - patch
        share = tf.random.uniform([size - around_foreground, 3])
        anywhere = cut(image, label, tf.cast(share * tf.cast(most + 1, tf.float32), tf.int32))
        images, labels = (tf.concat(both, 0) for both in zip(foreground, anywhere))
        return tf.ensure_shape(images[:, tf.newaxis], [size, 1, *job["patch"]]), labels

    loaded = tf.data.Dataset.from_tensor_slices((names, shapes)).map(load).cache()
    drawn = lambda: loaded.repeat().shuffle(len(cases))
    options = tf.data.Options()
    options.deterministic = False
    batches = tf.data.Dataset.zip(drawn(), drawn()).map(batch, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.with_options(options).prefetch(tf.data.AUTOTUNE)


@contextlib.contextmanager
def open_loader(job: dict):
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        target = server.stdout.readline().strip()
        dataset = one_batch(job) if "--cached" in sys.argv else cut_batches(job)
        dataset = dataset.apply(
            service.distribute(service.ShardingPolicy.OFF, target, compression=None)
        ).prefetch(tf.data.AUTOTUNE)
        yield Loader(iter(dataset))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    run_server() if "--serve" in sys.argv else serve(open_loader)
