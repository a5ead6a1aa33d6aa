"""Policies, and how they are learned, served, measured and compared: the map, lowest room first.

A room imports those above it alone, as its docstring says; ``tests/test_architecture.py`` holds it to that.

    policy        what a policy is, and what it may know
    known         the table of policies that have a name
    own_parameters  what stands behind the name of a user's own policy: ?name=value
    own_code      users' own policies, imported when they are named
    engines       where jobs run: in this process, in several, or on a Ray cluster; where networks compute
    text          language models, text encoder, cache of embeddings
    retrieval     few items of a large catalogue for every request: indices of vectors, and what asks them
    catalogues    users' own items: reading, deriving an audience, folders
    setup         a world by its id, and all that a run must know of it
    baselines     policies to beat: random, popular, content, bandit
    evaluation    playing policies, measuring them: tables, intervals, curves
    logbook       logs of what was shown, as files: written while policies serve, read with care
    snapshots     what a training that was cut short goes on from
    tastes        what tastes are fitted with: sums over all items, own interests, qualities
    fitting_worlds  worlds of numbers that were fitted to a log, and what each part of them is worth
    plots         pictures, as functions of the tables
    beliefs       what users tire of and come to like: a filter over hypotheses for every user and topic
    ranker        what a user would open and what that brings: choice, judge, logs, fitting, warm start
    encoders      what networks make of items and of users: tables, fading memories, logs of pages, words
    networks      what the ranker is: a network over texts, one over features
    oracles       policies that are told the truth, and planners
    scenarios     planners of our own scenarios, and the rivals that a plan must beat
    ppo           slates item by item on the ranker, learned by PPO
    slateq        the same by SlateQ
    rivals        what else can be made of the ranker: prices of topics searched by simulation, values, imitation
    stock         stable-baselines3's own algorithms
    figures       figures of published worlds, and how each is measured here
    worlds        a kit a world: settings, encoder, planner, references
    runs          run folders: training into one, loading from one
    registry      policies built by name
    comparison    policies beside each other, tuning
    studies       trainings and tables behind results/, as data
    report        comparisons as a page to show to others
    realism       how real a fitted world is: the log's lives lived again in it
    estimation    what a policy would have earned, from the log of another
    verification  figures of published originals, measured in our worlds
    benchmarks    how fast and how large
    scorecard     what a policy is good at: small experiments, each 0 at random and 1 at a reference
    rounds        serving, learning from it, serving again, while the world moves

Begin with ``policy``, ``setup`` and ``worlds/kit.py``; then ``ranker/judge.py``, what all our policies stand on, and
``runs/train.py``, how one is trained.
"""
