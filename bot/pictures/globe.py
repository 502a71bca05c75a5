"""A window on the globe: latitude and longitude to a plane, true in shape near its middle.

Lambert's azimuthal equal-area projection centred on what is shown (Snyder, Map Projections - A
Working Manual, USGS 1987, eq. 24-2 to 24-4): nothing is stretched at high latitudes, the date line
and the poles are ordinary places, and any two points on Earth fit. Plane units are Earth radii;
the whole Earth is a disc of radius 2.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot import geo
from bot.geo import Floats

RIM = 2.0  # where the antipode of the centre lies, in every direction
_PADDING = 1.28  # view beyond what must be seen: room for labels
_LEAST_HALF_WIDTH = 350 / geo.EARTH_KM  # closer in, the 1:50m coast looks coarse
_MOST_HALF_WIDTH = 2.15  # the whole disc


@dataclass(frozen=True, slots=True)
class View:
    """What part of the Earth is drawn: centre, axes of its tangent plane, and extent."""

    axes: Floats  # shape (3, 3): rows east, north, up at the centre, as unit vectors
    middle: tuple[float, float]  # of the window, in the plane
    half_width: float
    half_height: float

    @classmethod
    def of(cls, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, aspect: float) -> "View":
        """The tightest good window (width/height = `aspect`) on these points; the world if none."""
        points = geo.unit_vectors(lat_deg, lon_deg)
        if not len(points):
            return cls(_axes(geo.unit_vectors(20, 10)), (0.0, 0.0), 1.75, 1.75 / aspect)
        centre = points.sum(axis=0)
        if np.linalg.norm(centre) < 1e-6 * len(
            points
        ):  # opposite points have no middle: any will do
            centre = points[0] + geo.unit_vectors(70, 10)
        for _ in range(3):  # the middle of the box on the plane is not quite the middle on Earth
            axes = _axes(centre)
            flat = _flatten(points @ axes.T)
            low, high = flat.min(axis=0), flat.max(axis=0)
            centre = _lift((low + high) / 2) @ axes
        half_x, half_y = (high - low) / 2 * _PADDING
        half = min(max(half_x, half_y * aspect, _LEAST_HALF_WIDTH), _MOST_HALF_WIDTH * aspect)
        x, y = (low + high) / 2
        return cls(axes, (float(x), float(y)), float(half), float(half / aspect))

    def flat(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
        """Points to the plane, shape (n, 2)."""
        return self.flatten(geo.unit_vectors(lat_deg, lon_deg))

    def flatten(self, points: Floats) -> Floats:
        """Unit vectors, shape (n, 3), to the plane, shape (n, 2)."""
        return _flatten(points @ self.axes.T)

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top of the window."""
        x, y = self.middle
        return x - self.half_width, x + self.half_width, y - self.half_height, y + self.half_height

    @property
    def shows_rim(self) -> bool:
        """Whether the window reaches past the edge of the Earth's disc."""
        left, right, bottom, top = self.limits
        return max(abs(left), abs(right)) ** 2 + max(abs(bottom), abs(top)) ** 2 > RIM**2


def _axes(centre: Floats) -> Floats:
    up = centre / np.linalg.norm(centre)
    east = np.cross((0.0, 0.0, 1.0), up)
    if np.linalg.norm(east) < 1e-9:  # a pole is the centre: any direction is as good
        east = np.array([0.0, 1.0, 0.0])
    east /= np.linalg.norm(east)
    return np.stack([east, np.cross(up, east), up])


def _flatten(local: Floats) -> Floats:
    """Vectors along (east, north, up) to the plane; the antipode goes to (RIM, 0)."""
    scale = np.sqrt(2 / np.maximum(1 + local[:, 2], 1e-12))
    flat = np.asarray(local[:, :2] * scale[:, None])
    flat[local[:, 2] < -1 + 1e-12] = (RIM, 0.0)
    return flat


def _lift(flat: Floats) -> Floats:
    """The vector along (east, north, up) that `_flatten` puts at this one point, shape (2,)."""
    square = min(float(flat @ flat), RIM**2)
    factor = np.sqrt(1 - square / 4)
    return np.array([*(flat * factor), 1 - square / 2])
