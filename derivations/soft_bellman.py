"""The soft Bellman backup: entropy makes it LogSumExp, and gradients that are weights make it a contraction."""

from sympy import Eq, IndexedBase, Sum, Symbol, exp, log

from smoothsym.catalogue import logsumexp
from smoothsym.program.stabilise import replace_entries
from smoothsym.symbolic.derivation import Derivation
from smoothsym.words import alpha, c, i, j, n, x


def derive() -> Derivation:
    d = Derivation("The soft Bellman backup, and why it contracts")
    Z, L, H = (Symbol(name, real=True) for name in ("Z", "L_alpha", "H"))
    Q, pi = IndexedBase("Q", real=True), IndexedBase("pi", positive=True)
    gamma, tau, r = Symbol("gamma", nonnegative=True), Symbol("tau", positive=True), Symbol("r", real=True)
    d.text(
        """An agent that is paid for entropy besides reward does not take the best action, but softmax of their values; and what a
        state is worth to it is LogSumExp of them. Putting that in the place of the maximum in Bellman's equation keeps the
        contraction, and with it the one fixed point that value iteration finds.

        **Hypotheses.** Finitely many states and {n} actions in each; real action values {q}; {tau} positive, the price of entropy,
        and {a}; a discount {gamma}, not negative and less than one; transition probabilities that add up to one.

        ## One state""",
        n=n,
        q=x[i],
        tau=tau,
        a=Eq(alpha, 1 / tau),
        gamma=gamma,
    )
    d.define(Z, Sum(exp(alpha * x[j]), (j, 1, n)))
    d.define(pi[i], exp(alpha * x[i]) / Z)
    d.define(L, logsumexp.definition)
    d.define(H, -Sum(pi[j] * log(pi[j]), (j, 1, n)))
    d.lemma(
        "Entropic regularisation",
        "Among all policies, softmax alone makes mean value plus entropy over sharpness largest, and LogSumExp is that largest value:"
        " proved step by step in [LogSumExp from entropic regularisation](logsumexp_from_entropy.md).",
    )
    worth = d.equal(
        (Sum(pi[j] * x[j], (j, 1, n)) + tau * H).subs(tau, 1 / alpha),
        L,
        "The softmax policy is worth its mean value and its entropy",
    )
    d.text(
        "So the state is worth {L}, by {worth}, and the mean value alone, without the pay for entropy, is the Boltzmann operator.",
        L=L,
        worth=worth,
    )
    d.text("## LogSumExp does not expand")
    shift = d.equal(
        replace_entries(logsumexp.definition, x, lambda entry: entry + c),
        L + c,
        "Adding {c} to each value adds {c} to the worth",
        c=c,
    )
    gradient = d.derivative(L, x[i], pi[i], "The slope in a value is the probability of its action")
    up = d.sign(exp(alpha * x[i]) / Z, ">=", "which is not negative: more value, more worth")
    d.text(
        """Let {Q} be values that differ from {x} by {c} at most. By {gradient} and {up}, raising each {x} by {c} makes no value less than {Q} and
        the worth no smaller; by {shift} it makes the worth larger by {c} exactly. So the worth of {Q} exceeds the other by {c} at most, and the other
        way round: **worths differ by no more than values do**.

        ## The backup

        The backup of a value function takes each action's reward {r}, adds {gamma} times the expected worth of the next state, and
        takes LogSumExp.""",
        Q=Q[i],
        x=x[i],
        c=c,
        gradient=gradient,
        up=up,
        shift=shift,
        r=r,
        gamma=gamma,
    )
    p, V = IndexedBase("p", nonnegative=True), IndexedBase("V", real=True)
    mass = Sum(p[j], (j, 1, n))
    moved = d.equal(
        r + gamma * Sum(p[j] * (V[j] + c), (j, 1, n)),
        r + gamma * Sum(p[j] * V[j], (j, 1, n)) + gamma * c * mass,
        "Adding {c} to the worth of each next state moves an action's value by",
        c=c,
    )
    grow = d.derivative(
        r + gamma * Sum(p[j] * V[j], (j, 1, n)),
        V[i],
        gamma * p[i],
        "and an action's value rises with each of those worths, at the rate",
    )
    rise = d.sign(gamma * p[i], ">=", "which is not negative")
    d.text(
        """As probabilities add up to one, worths that differ by {c} at most give values, by {moved}, {grow} and {rise}, that differ by {gc}
        at most, and those give worths that differ by {gc} at most: the backup **contracts the sup norm by {gamma}**.""",
        c=c,
        moved=moved,
        grow=grow,
        rise=rise,
        gc=gamma * c,
        gamma=gamma,
    )
    d.lemma(
        "Banach's fixed point theorem",
        "A contraction of a complete space has one fixed point, and repeating it leads there from anywhere.",
    )
    d.text(
        """With the Boltzmann operator in the place of LogSumExp the argument fails where it uses {up}: its gradient has negative entries, and
        [its constant exceeds one](boltzmann_expansion.md). Mellowmax differs from LogSumExp by a constant and keeps all of it.""",
        up=up,
    )
    return d
