"""Graphics: curves, surfaces, cameras, images."""

import numpy as np


def bezier_length(flat, samples=16):
    """The length of a cubic Bezier curve by short chords."""
    p = flat.reshape(4, 2)
    t = np.linspace(0, 1, samples)[:, None]
    curve = (1 - t) ** 3 * p[0] + 3 * (1 - t) ** 2 * t * p[1] + 3 * (1 - t) * t**2 * p[2] + t**3 * p[3]
    return np.linalg.norm(np.diff(curve, axis=0), axis=1).sum()


def de_casteljau(flat, t=0.35):
    """A point of a Bezier curve by corner cutting."""
    points = flat.reshape(-1, 2)
    while len(points) > 1:
        points = (1 - t) * points[:-1] + t * points[1:]
    return points[0]


def rotation(angles):
    """A cube turned by Euler angles and projected."""
    a, b, c = angles
    zero, one = np.zeros_like(a), np.ones_like(a)
    rx = np.stack([one, zero, zero, zero, np.cos(a), -np.sin(a), zero, np.sin(a), np.cos(a)]).reshape(3, 3)
    ry = np.stack([np.cos(b), zero, np.sin(b), zero, one, zero, -np.sin(b), zero, np.cos(b)]).reshape(3, 3)
    rz = np.stack([np.cos(c), -np.sin(c), zero, np.sin(c), np.cos(c), zero, zero, zero, one]).reshape(3, 3)
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    turned = corners @ (rz @ ry @ rx).T
    return turned[:, :2] / (4 + turned[:, 2:])


def rodrigues(vector):
    """A rotation matrix written element by element."""
    theta = np.sqrt(np.sum(vector**2))
    x, y, z = vector / theta
    k = np.zeros_like(vector, shape=(3, 3))
    k[0, 1], k[0, 2] = -z, y
    k[1, 0], k[1, 2] = z, -x
    k[2, 0], k[2, 1] = -y, x
    return np.eye(3) + np.sin(theta) * k + (1 - np.cos(theta)) * k @ k


def quaternion_product(q):
    """Two quaternions multiplied, the product made a unit."""
    a, b = q[:4], q[4:]
    out = np.empty_like(a)
    out[0] = a[0] * b[0] - np.dot(a[1:], b[1:])
    out[1:] = a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])
    return out / np.linalg.norm(out)


def phong_shading(params):
    """Light on a sphere, seen from above."""
    light = params[:3] / np.linalg.norm(params[:3])
    shininess = params[3]
    x, y = np.meshgrid(np.linspace(-0.6, 0.6, 4), np.linspace(-0.6, 0.6, 4))
    normal = np.stack([x, y, np.sqrt(1 - x**2 - y**2)], axis=-1)
    diffuse = np.clip(normal @ light, 0, None)
    half = light + np.array([0.0, 0.0, 1.0])
    half = half / np.sqrt(half @ half)
    return diffuse + np.abs(normal @ half) ** shininess


def signed_distance(params):
    """How far points are from a union of a circle and a box, smoothly joined."""
    radius, width, blend = params
    p = np.random.default_rng(1).normal(size=(6, 2))
    circle = np.hypot(p[:, 0], p[:, 1]) - radius
    q = np.abs(p) - width
    outside = np.sqrt(np.sum(np.maximum(q, 0.0) ** 2, axis=1) + 1e-9)
    box = outside + np.minimum(np.max(q, axis=1), 0.0)
    return -blend * np.logaddexp(-circle / blend, -box / blend)


def bilinear_sampling(where):
    """An image read between its pixels."""
    image = np.cos(np.add.outer(np.arange(5) * 0.9, np.arange(5) * 0.4)).ravel()
    image = np.asarray(image, like=where)
    u, v = where.reshape(2, -1)
    i, j = np.floor(u).astype(int), np.floor(v).astype(int)
    a, b = u - i, v - j
    corner = 5 * i + j
    top = np.take(image, corner) * (1 - b) + np.take(image, corner + 1) * b
    low = np.take(image, corner + 5) * (1 - b) + np.take(image, corner + 6) * b
    return top * (1 - a) + low * a


def gaussian_blur(flat):
    """An image blurred along rows and columns, its border repeated."""
    image = flat.reshape(4, 4)
    kernel = np.array([0.25, 0.5, 0.25])
    padded = np.pad(image, 1, mode="edge")
    rows = sum(w * padded[:, k : k + 4] for k, w in enumerate(kernel))
    return sum(w * rows[k : k + 4] for k, w in enumerate(kernel))


def sobel_edges(flat):
    """The strength of edges in an image."""
    image = flat.reshape(4, 4)
    gx = np.zeros_like(image)
    gy = np.zeros_like(image)
    gx[:, 1:-1] = (image[:, 2:] - image[:, :-2]) / 2
    gy[1:-1, :] = (image[2:, :] - image[:-2, :]) / 2
    return np.sqrt(gx**2 + gy**2 + 1e-6)


def catmull_rom(heights):
    """A smooth curve through heights, its tangents half the difference of neighbours."""
    tangent = np.gradient(heights)
    t = np.linspace(0, 1, 5)[:-1]
    h00, h10 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t
    h01, h11 = -2 * t**3 + 3 * t**2, t**3 - t**2
    pieces = [
        h00 * heights[i] + h10 * tangent[i] + h01 * heights[i + 1] + h11 * tangent[i + 1]
        for i in range(len(heights) - 1)
    ]
    return np.concatenate(pieces)


def polygon_moments(flat):
    """Area and centroid of a polygon, and its perimeter."""
    x, y = flat.reshape(2, -1)
    xn, yn = np.roll(x, -1), np.roll(y, -1)
    cross = x * yn - xn * y
    area = 0.5 * np.sum(cross)
    cx = np.sum((x + xn) * cross) / (6 * area)
    cy = np.sum((y + yn) * cross) / (6 * area)
    return np.hstack([area, cx, cy, np.sum(np.hypot(xn - x, yn - y))])


PROGRAMS = [
    (bezier_length, np.array([0.0, 0.0, 0.4, 1.2, 1.3, 0.8, 2.0, -0.1])),
    (de_casteljau, np.array([0.0, 0.0, 0.4, 1.2, 1.3, 0.8, 2.0, -0.1])),
    (rotation, np.array([0.3, -0.5, 1.1])),
    (rodrigues, np.array([0.3, -0.5, 0.8])),
    (quaternion_product, np.array([0.9, 0.1, -0.2, 0.4, 0.5, -0.3, 0.6, 0.2])),
    (phong_shading, np.array([0.4, 0.5, 0.9, 3.0])),
    (signed_distance, np.array([0.8, 0.6, 0.2])),
    (bilinear_sampling, np.array([0.3, 1.7, 2.2, 1.1, 0.6, 2.8])),
    (gaussian_blur, np.linspace(-1, 2, 16) ** 2),
    (sobel_edges, np.sin(np.linspace(0, 9, 16))),
    (catmull_rom, np.array([0.0, 1.0, 0.4, 0.9, -0.3])),
    (polygon_moments, np.array([0.0, 2.0, 2.5, 0.7, 0.0, 0.1, 1.4, 1.9])),
]
