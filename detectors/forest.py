"""Isolation forest on what the make-up of the traffic looks like.

scikit-learn says "lower is odder"; it is turned round here, once. Imported on first use:
scikit-learn takes seconds to load, and silencing an alert must not wait for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.inputs import Floats

# 64 trees: doubling them moved no POD by more than 0.005 and doubles the time.
TREES = 64
SAMPLES = 256  # Liu, Ting & Zhou 2008: more does not help
SEED = 20_241_208


class Forest:
    """A fitted forest; `score` is larger for odder rows."""

    def __init__(self, rows: Floats) -> None:
        """Fit on (n, K) finite rows, n >= 2."""
        from sklearn.ensemble import IsolationForest

        self._mean, self._turn = _whitening(rows)
        self._model: Any = IsolationForest(
            n_estimators=TREES, max_samples=min(SAMPLES, len(rows)), random_state=SEED
        ).fit(self._view(rows))

    def score(self, rows: Floats) -> Floats:
        """Oddness (m,) of rows (m, K), > 0.

        A forest cannot tell far from very far: beyond its training data all rows share
        one leaf. Its verdict (0.35 ordinary to 0.8) therefore weighs the squared distance in
        the whitened axes, which goes on growing.
        """
        odd = -np.asarray(self._model.score_samples(self._view(rows)), dtype=np.float64)
        far = (self._view(rows) ** 2).sum(axis=1)
        return np.asarray(odd * (1.0 + far))

    def distance(self, rows: Floats) -> Floats:
        """Squared distance in the whitened axes alone, (m,): what `score` is without trees."""
        return np.asarray((self._view(rows) ** 2).sum(axis=1))

    def _view(self, rows: Floats) -> Floats:
        """The whitened axes: a tree cuts one axis at a time, and a joint oddity hides from
        every margin."""
        return np.asarray((rows - self._mean) @ self._turn)


def _whitening(rows: Floats) -> tuple[Floats, Floats]:
    """Mean (K,) and matrix (K, K) that turns rows into uncorrelated unit axes."""
    mean = rows.mean(axis=0)
    k = rows.shape[1]
    # Shrunk towards the diagonal by K/(n+K): few rows say little about correlations.
    cov = np.atleast_2d(np.cov(rows, rowvar=False)) if len(rows) > 1 else np.eye(k)
    share = k / (len(rows) + k)
    cov = (1 - share) * cov + share * np.diag(np.diag(cov)) + 1e-6 * np.eye(k)
    values, vectors = np.linalg.eigh(cov)
    return mean, vectors / np.sqrt(np.maximum(values, 1e-9))
