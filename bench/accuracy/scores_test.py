#!/usr/bin/env python3
"""Scores against small cases worked out by hand: python3 -m unittest scores_test."""

import unittest

import numpy as np

import scores


class Scores(unittest.TestCase):
    def test_boxes_match_one_to_one(self):
        box, near, far = [0, 0, 0, 10, 10], [0, 0, 0, 10, 8], [0, 50, 50, 60, 60]
        self.assertEqual(scores.boxes_f1([[box]], [[near]]), 100)
        self.assertEqual(scores.boxes_f1([[box]], [[near, near]]), 100 * 2 / 3)
        self.assertEqual(scores.boxes_f1([[box, far]], [[near]]), 100 * 2 / 3)
        self.assertEqual(scores.boxes_f1([[box]], [[[1, *box[1:]]]]), 0)

    def test_overlap_of_boxes(self):
        self.assertAlmostEqual(scores.overlap([0, 0, 0, 10, 10], [0, 5, 0, 15, 10]), 50 / 150)
        self.assertEqual(scores.overlap([0, 0, 0, 1, 1], [0, 1, 0, 2, 1]), 0)

    def test_the_strongest_box_covers_the_others_of_its_class(self):
        boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [40, 40, 50, 50]])
        classes = np.array([[0.6, 0.0], [0.9, 0.5], [0.3, 0.0]])
        kept = scores.strongest(boxes, classes, threshold=0.4, limit=0.5)
        np.testing.assert_array_equal(kept, [[0, 0, 0, 10, 9], [1, 0, 0, 10, 9]])

    def test_a_line_drops_blanks_and_repeats(self):
        np.testing.assert_array_equal(scores.read_line([0, 5, 5, 0, 5, 7, 0]), [5, 5, 7])

    def test_masks_are_pooled(self):
        full, empty = np.ones(4, bool), np.zeros(4, bool)
        self.assertEqual(scores.mask_overlap([full, empty], [full, full]), 50)

    def test_regions_are_what_is_connected(self):
        picture = np.zeros((10, 12))
        picture[1:4, 2:6] = 1.0
        picture[8, 0] = 1.0
        np.testing.assert_array_equal(scores.regions(picture), [[0, 2, 1, 6, 4]])

    def test_answers_of_another_shape_do_not_agree(self):
        self.assertEqual(scores.agreement([np.ones(3), np.ones(3)], [np.ones(3), np.ones(2)]), 50)
        self.assertEqual(scores.exact([np.ones(2)], [np.array([1, 0])]), 0)

    def test_neighbors_do_not_depend_on_length(self):
        vectors = [np.array(v, float) for v in ([1, 0], [1, 0.1], [0, 1], [0.1, 1])]
        self.assertEqual(scores.same_neighbor(vectors, [3 * vector for vector in vectors]), 100)
        self.assertEqual(scores.same_neighbor(vectors, [vectors[i] for i in (0, 2, 1, 3)]), 0)

    def test_points_are_near_or_not(self):
        points = np.zeros((2, 2))
        moved = points + [[0.3, 0.4], [0.0, 0.6]]
        self.assertEqual(scores.points_within(0.5)([points, points], [points, moved]), 75)

    def test_ranks_and_limits(self):
        values = [np.float64(v) for v in (0.1, 0.2, 0.9)]
        self.assertAlmostEqual(scores.rank_correlation(values, [v**3 for v in values]), 100)
        self.assertAlmostEqual(scores.rank_correlation(values, [-v for v in values]), -100)
        self.assertEqual(scores.within(0.1)([np.zeros(2)], [np.array([0.05, 0.2])]), 50)


if __name__ == "__main__":
    unittest.main()
