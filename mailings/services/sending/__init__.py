"""From the confirmation of a mailing to the last result.

- `confirming`: what people decide: confirm, undo, approve, decline, cancel, stop, pause, resume, decide on a part.
- `running`: a worker's turn at a mailing, one step after the other.
- `freezing`: the recipients become rows, and the rows parts.
- `calling`: one part, one call. Nothing is ever called again without an answer that says it was refused.
- `requests`: who is still to get a part, and what its request says.
- `looking`: whether a call without an answer was accepted after all, proven by its marker.
- `following`: what became of the recipients of accepted parts.
- `progress`: how far and how quickly. `notices`: an e-mail when it has ended, or waits for a person.
- `lease`: one worker a mailing. `counters`: the numbers that always add up.
"""
