package concurrency

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A state is what one who sees everything knows: whose token is stored, and up to
// which consent all tokens were taken away.
type state struct{ stored, ended int }

// model says which histories are right: those that could have happened one
// operation after the other.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{}} },
	Step: func(before, in, out any) []any {
		s, i, o := before.(state), in.(input), out.(output)
		switch i.what {
		case "connect", "import":
			var after []any
			if i.consent > s.ended {
				after = append(after, state{i.consent, s.ended})
			}
			if s.stored != 0 || o.unknown {
				// A newer one is stored, or nothing came of it.
				after = append(after, s)
			}
			return after
		case "disconnect", "erase":
			after := []any{state{0, max(s.ended, i.consent)}}
			if o.unknown {
				after = append(after, s)
			}
			return after
		case "deauthorize", "deletion":
			// A later consent is not touched.
			next := state{s.stored, max(s.ended, i.consent)}
			if s.stored <= i.consent {
				next.stored = 0
			}
			after := []any{next}
			if o.unknown {
				after = append(after, s)
			}
			return after
		case "read":
			if o.consent == s.stored {
				return []any{s}
			}
			return nil
		}
		return nil
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%+v: %+v", in, out)
	},
}).ToModel()
