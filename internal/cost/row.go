package cost

import "math"

// kilobyte and gigabyte are what DynamoDB and CloudWatch count in.
const (
	kilobyte = 1 << 10
	gigabyte = 1 << 30
)

// The sizes of an account's row in bytes, by DynamoDB's rule for items. A test
// lets the program write such rows and measures them.
//
// A typical row has lived for half a year: it was connected and refreshed six
// times. A full one has twenty entries of history, which every account reaches
// in its second year and no row exceeds. Bills are for full rows.
const (
	TypicalRow = 1115
	FullRow    = 1780
	// SealedRef is how much longer a row of the sealed vault is, whose reference
	// is the sealed token itself.
	SealedRef = 500
)

// RowBytes returns the size of a full row with a vault.
func (v Vault) RowBytes() int {
	if v == Sealed {
		return FullRow + SealedRef
	}
	return FullRow
}

// storageOverhead is what DynamoDB adds to each stored item, in the table and in
// an index
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html),
// and keyEntry the size of an account's item in the index of names or in that of
// statuses, which hold keys only.
const (
	storageOverhead = 100
	keyEntry        = 80
)

// writeUnits returns the units of writing an item of a size: one for each 1 KB
// begun
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html).
func writeUnits(bytes int) float64 { return math.Ceil(float64(bytes) / kilobyte) }

// readUnits returns the units of a strongly consistent read of an item: one for
// each 4 KB begun.
func readUnits(bytes int) float64 { return math.Ceil(float64(bytes) / (4 * kilobyte)) }

// saveUnits returns the units of saving an account's row that stays about as
// large as it is and moves to another time in the index of what is due. A change
// of an index's key is a delete and a put in the index, each of which costs what
// the row costs in the table, as the index holds whole rows
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes).
// The index of names costs nothing, since nothing of it changes; that of statuses
// is counted by statusMove.
//
// Nearly every save of the domain moves the row: a claim to the end of its lease,
// and the others to what is due next.
func saveUnits(row int) float64 { return 3 * writeUnits(row) }

// stayUnits returns the units of a save after which the row is due when it was. A
// promotion is one: the events of the commit are still to be told at the latest
// when the promotion was due.
func stayUnits(row int) float64 { return 2 * writeUnits(row) }

// statusMove is the units of a change of the status or of the token's end: a delete
// and a put of keys.
const statusMove = 2

// pairUnits returns the units of saving an account's row together with a flow. A
// transaction counts twice in the table; its effects on an index come later and
// count once. A flow is in no index.
func pairUnits(row int) float64 {
	return 2*(writeUnits(row)+flow) + 2*writeUnits(row)
}
