"""From the outputs of a network to its decisions, and from two lists of decisions to one number; higher is better.

A decision is what a user of the network acts on: a class, boxes, a text, a mask. Float's own decisions are the reference.
"""

import cv2
import numpy as np


def agreement(reference, found):
    """Share of equal entries, %, over all samples; entries are classes, bits or whole texts."""
    equal = [np.mean(np.asarray(a) == np.asarray(b)) if np.shape(a) == np.shape(b) else 0.0
             for a, b in zip(reference, found, strict=True)]
    return 100 * float(np.mean(equal))


def exact(reference, found):
    """Share of samples whose decisions are equal as a whole, %."""
    return 100 * float(np.mean([np.array_equal(a, b) for a, b in zip(reference, found, strict=True)]))


def mask_overlap(reference, found):
    """Intersection over union of masks, %, pooled over all samples."""
    both = sum(int(np.sum(a & b)) for a, b in zip(reference, found, strict=True))
    any_of = sum(int(np.sum(a | b)) for a, b in zip(reference, found, strict=True))
    return 100 * both / max(1, any_of)


def within(limit):
    """Share of numbers that are off by at most `limit`, %."""
    def score(reference, found):
        return 100 * float(np.mean(np.abs(np.stack(reference) - np.stack(found)) <= limit))
    return score


def points_within(limit):
    """Share of points [n, 2] that are off by at most `limit`, %."""
    def score(reference, found):
        return 100 * float(np.mean(np.linalg.norm(np.stack(reference) - np.stack(found), axis=-1) <= limit))
    return score


def rank_correlation(reference, found):
    """Spearman's correlation of one number per sample, %."""
    ranks = [np.argsort(np.argsort(np.ravel(values))) for values in (np.stack(reference), np.stack(found))]
    return 100 * float(np.corrcoef(*ranks)[0, 1])


def same_neighbor(reference, found):
    """Share of vectors whose nearest other vector (by cosine) is the same, %."""
    def neighbors(vectors):
        vectors = np.stack(vectors)
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -np.inf)
        return similarity.argmax(axis=1)
    return 100 * float(np.mean(neighbors(reference) == neighbors(found)))


def boxes_f1(reference, found):
    """F1, %, of boxes [class, x0, y0, x1, y1] matched one to one at an overlap of half or more."""
    hits = wanted = given = 0
    for boxes, others in zip(reference, found, strict=True):
        wanted, given = wanted + len(boxes), given + len(others)
        free = set(range(len(others)))
        for box in boxes:
            best = max(free, key=lambda index: overlap(box, others[index]), default=None)
            if best is not None and overlap(box, others[best]) >= 0.5:
                free.remove(best)
                hits += 1
    return 100 * 2 * hits / max(1, wanted + given)


def overlap(box, other):
    """Intersection over union of two boxes; 0 for different classes."""
    if box[0] != other[0]:
        return 0.0
    width = min(box[3], other[3]) - max(box[1], other[1])
    height = min(box[4], other[4]) - max(box[2], other[2])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(b[3] - b[1]) * (b[4] - b[2]) for b in (box, other)]
    return width * height / (sum(areas) - width * height)


def strongest(boxes, scores, threshold, limit):
    """Boxes [n, 4] as corners with class scores [n, classes]: those over `threshold` that no stronger one of the class covers."""
    kept = []
    for kind in range(scores.shape[1]):
        chosen = np.flatnonzero(scores[:, kind] > threshold)
        chosen = chosen[np.argsort(-scores[chosen, kind], kind="stable")][:300]
        mine = []
        for index in chosen:
            box = [kind, *boxes[index]]
            if all(overlap(box, other) <= limit for other in mine):
                mine.append(box)
        kept += mine
    return np.array(kept, np.float32).reshape(-1, 5)


def corners(boxes):
    """[n, 4] of center and size -> corners."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def regions(probability, threshold=0.3):
    """Boxes around what is connected above the threshold, from six pixels up."""
    _, _, found, _ = cv2.connectedComponentsWithStats((probability > threshold).astype(np.uint8))
    return np.array([[0, x, y, x + w, y + h] for x, y, w, h, area in found[1:] if area >= 6], np.float32).reshape(-1, 5)


def read_line(classes):
    """Greedy reading of a CTC output: repeats and blanks (class 0) dropped."""
    classes = np.asarray(classes)
    changed = np.concatenate([[True], classes[1:] != classes[:-1]])
    return classes[changed & (classes != 0)]
