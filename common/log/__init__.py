"""The signed change log as bytes: entries, payloads, trees, notes, proofs and the frames that carry them.

Everything in this package is pure: bytes in, values out. Nothing here opens a file, reads a clock, draws a
random number or touches a network or a database; what is needed of that kind comes in as an argument.

    encoding     base64 and numbers, the strict way          canonical   JSON with exactly one spelling
    entry        one change, a leaf of the tree              payload     its field values, kept beside it
    tree         hashes, frontier, proofs                    tiles       the public export of a log
    note         signed notes                                checkpoint  a log's signed head, and its receipt
    proof        one entry's proof in a file                 relay       an entry delivered in another log
    push         the frame in which entries travel           follower    trusted head of somebody else's log
    origins      names of logs                               request     what is signed around an exchange
    enrolment    how a market and the hub meet

Parsers raise `errors.Invalid` for bad grammar and `errors.Tampered` for a hash, signature or proof that
fails, and nothing else. A parser accepts one spelling only: encoding what was parsed gives the same bytes.
"""
