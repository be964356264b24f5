"""Finance: prices, yields, risk."""

import numpy as np


def normal_cdf(x):
    """Abramowitz and Stegun (1964), 26.2.17; the error is below 7.5e-8."""
    b = np.array([0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429])
    z = np.where(x < 0, -x, x)
    t = 1.0 / (1.0 + 0.2316419 * z)
    poly = t * (b[0] + t * (b[1] + t * (b[2] + t * (b[3] + t * b[4]))))
    tail = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * poly
    return np.where(x < 0, tail, 1.0 - tail)


def black_scholes(params, strikes=np.array([80.0, 100.0, 120.0])):
    """Prices of European calls from spot, rate, volatility and maturity."""
    spot, rate, vol, maturity = params
    sd = vol * np.sqrt(maturity)
    d1 = (np.log(spot / strikes) + (rate + 0.5 * vol**2) * maturity) / sd
    d2 = d1 - sd
    return spot * normal_cdf(d1) - strikes * np.exp(-rate * maturity) * normal_cdf(d2)


def binomial_tree(params, steps=6):
    """An American put on a tree of Cox, Ross and Rubinstein (1979)."""
    spot, strike, vol, rate = params
    dt = 1.0 / steps
    up = np.exp(vol * np.sqrt(dt))
    down = 1 / up
    p = (np.exp(rate * dt) - down) / (up - down)
    j = np.arange(steps + 1)
    value = np.maximum(strike - spot * up**j * down ** (steps - j), 0)
    for n in range(steps - 1, -1, -1):
        j = np.arange(n + 1)
        prices = spot * up**j * down ** (n - j)
        value = np.exp(-rate * dt) * (p * value[1:] + (1 - p) * value[:-1])
        value = np.maximum(value, strike - prices)
    return value[0]


def bond_price(curve, coupon=0.05, face=100.0):
    """The price of a bond from the zero rates of its years."""
    years = np.arange(1, len(curve) + 1)
    discount = (1 + curve) ** -years
    flows = np.full(len(curve), coupon * face)
    flows[-1] += face
    return np.dot(flows, discount)


def bootstrap_curve(swap_rates):
    """Discount factors from par swap rates, one maturity after the other."""
    discount = np.zeros_like(swap_rates)
    annuity = 0.0
    for i in range(len(swap_rates)):
        discount[i] = (1 - swap_rates[i] * annuity) / (1 + swap_rates[i])
        annuity = annuity + discount[i]
    return discount


def nelson_siegel(params, maturities=np.array([0.5, 1.0, 2.0, 5.0, 10.0, 30.0])):
    """The yield curve of Nelson and Siegel (1987)."""
    level, slope, bend, decay = params
    x = maturities / decay
    loading = (1 - np.exp(-x)) / x
    return level + slope * loading + bend * (loading - np.exp(-x))


def portfolio_risk(weights):
    """The volatility of a portfolio, and each position's share of it."""
    vols = np.array([0.1, 0.2, 0.15, 0.3])
    corr = np.full((4, 4), 0.3)
    np.fill_diagonal(corr, 1.0)
    cov = np.outer(vols, vols) * corr
    w = weights / weights.sum()
    risk = np.sqrt(w @ cov @ w)
    shares = w * (cov @ w) / risk
    return np.append(shares, risk)


def internal_rate_of_return(flows, steps=8):
    """Newton's method for the rate at which the present value of flows is zero."""
    years = np.arange(len(flows))
    rate = 0.05
    for _ in range(steps):
        factors = (1 + rate) ** -years
        value = np.sum(flows * factors)
        slope = np.sum(-years * flows * factors) / (1 + rate)
        rate = rate - value / slope
    return rate


def garch_likelihood(params, seed=3):
    """The negative log likelihood of GARCH(1, 1)."""
    omega, alpha, beta = params
    returns = np.random.default_rng(seed).normal(size=20)
    variance = np.empty_like(params, shape=len(returns))
    variance[0] = omega / (1 - alpha - beta)
    for t in range(1, len(returns)):
        variance[t] = omega + alpha * returns[t - 1] ** 2 + beta * variance[t - 1]
    return 0.5 * np.sum(np.log(2 * np.pi * variance) + returns**2 / variance)


def drawdown(returns):
    """The mean fall from the running maximum of wealth."""
    wealth = np.cumprod(1 + returns)
    peak = np.maximum.accumulate(wealth)
    return np.mean((peak - wealth) / peak)


def vasicek_paths(params, n_paths=3, n_steps=10):
    """Short rates by Euler's scheme, averaged over paths."""
    speed, mean, vol = params
    noise = np.random.default_rng(0).standard_normal((n_steps, n_paths))
    dt = 1 / n_steps
    rates = np.zeros_like(params, shape=(n_steps + 1, n_paths))
    rates[0] = 0.03
    for t in range(n_steps):
        rates[t + 1] = rates[t] + speed * (mean - rates[t]) * dt + vol * np.sqrt(dt) * noise[t]
    return np.exp(-rates[:-1].sum(axis=0) * dt).mean()


PROGRAMS = [
    (black_scholes, np.array([100.0, 0.03, 0.2, 1.5])),
    (binomial_tree, np.array([100.0, 105.3, 0.25, 0.04])),
    (bond_price, np.array([0.02, 0.025, 0.03, 0.032])),
    (bootstrap_curve, np.array([0.02, 0.023, 0.027, 0.03])),
    (nelson_siegel, np.array([0.04, -0.02, 0.01, 1.8])),
    (portfolio_risk, np.array([0.4, 0.3, 0.2, 0.3])),
    (internal_rate_of_return, np.array([-100.0, 30.0, 40.0, 50.0])),
    (garch_likelihood, np.array([0.3, 0.2, 0.5])),
    (drawdown, np.array([0.05, -0.03, -0.02, 0.04, -0.06, 0.01])),
    (vasicek_paths, np.array([0.8, 0.04, 0.01])),
]
