package table

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// The names of the attributes that this package writes beside the record's own.
const (
	attrKey          = "pk"
	attrAttempt      = "attempt"
	attrKind         = "kind"
	attrDueShard     = "due_shard"
	attrDueNanos     = "due_nanos"
	attrExpiresNanos = "expires_nanos"
	attrOutboxSince  = "outbox_since"
	attrTTL          = "ttl"
	// These are fields of the records.
	attrID       = "id"
	attrRevision = "revision"
	attrStatus   = "status"
)

// kindAccount is the kind of all accounts, kindRemoval that of the removals that
// are not done.
const (
	kindAccount = "account"
	kindRemoval = "removal"
)

// shards is how many partitions the index of what is due has. Changing it needs
// no migration as long as it grows: an item keeps its shard until it is saved.
const shards = 4

// An item is a record as DynamoDB has it.
type item = map[string]types.AttributeValue

// The keys of the items. There is one health.
const (
	accountPrefix = "account#"
	flowPrefix    = "flow#"
	personPrefix  = "person#"
	removalPrefix = "removal#"
	healthKey     = "health"
)

func accountKey(id igauth.AccountID) string { return accountPrefix + string(id) }
func flowKey(id igauth.FlowID) string       { return flowPrefix + string(id) }
func personKey(id igauth.PersonID) string   { return personPrefix + string(id) }
func removalKey(code string) string         { return removalPrefix + code }

// keyItem returns the primary key of an item.
func keyItem(key string) item { return item{attrKey: textValue(key)} }

func textValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func numberValue(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

// text returns the text of an attribute, "" if it is none.
func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// number returns the digits of an attribute, "" if it is no number.
func number(v types.AttributeValue) string {
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

// accountItem returns an account as it is stored by an attempt.
func accountItem(a igauth.Account, attempt string) (item, error) {
	row, err := encode(a, accountKey(a.ID), attempt)
	if err != nil {
		return nil, err
	}
	row[attrKind] = textValue(kindAccount)
	row[attrExpiresNanos] = numberValue(endNanos(a.EndsAt()))
	if a.Status == "" {
		delete(row, attrStatus) // An empty key of an index would be refused.
	}
	if !a.DueAt.IsZero() {
		row[attrDueShard] = textValue(shardOf(a.ID))
		row[attrDueNanos] = numberValue(nanos(a.DueAt))
	}
	tellSince(row, a.Outbox)
	forget(row, a.ForgetAt)
	return row, nil
}

// flowItem returns a flow as it is stored by an attempt. A flow without an end
// is kept for ever.
func flowItem(f igauth.Flow, attempt string) (item, error) {
	row, err := encode(f, flowKey(f.ID), attempt)
	if err != nil {
		return nil, err
	}
	forget(row, f.ExpiresAt)
	return row, nil
}

// personItem returns a person as it is stored by an attempt.
func personItem(p igauth.Person, attempt string) (item, error) {
	row, err := encode(p, personKey(p.ID), attempt)
	if err != nil {
		return nil, err
	}
	forget(row, p.ForgetAt)
	return row, nil
}

// removalItem returns a removal as it is stored by an attempt. As long as it is
// not done it has the two attributes by which it is found in the index accounts.
func removalItem(r igauth.Removal, attempt string) (item, error) {
	row, err := encode(r, removalKey(r.Code), attempt)
	if err != nil {
		return nil, err
	}
	if !r.Done() {
		row[attrKind], row[attrID] = textValue(kindRemoval), textValue(r.Code)
	}
	forget(row, r.ForgetAt)
	return row, nil
}

// healthItem returns the health as it is stored by an attempt.
func healthItem(h igauth.Health, attempt string) (item, error) {
	row, err := encode(h, healthKey, attempt)
	if err != nil {
		return nil, err
	}
	tellSince(row, h.Outbox)
	return row, nil
}

// tellSince marks an item that has events to send, so that the filter of the
// table's stream lets it through: one cannot ask whether a list has elements.
func tellSince(row item, outbox []igauth.Event) {
	if len(outbox) > 0 {
		row[attrOutboxSince] = textValue(outbox[0].At.UTC().Format(time.RFC3339))
	}
}

// forget has the table delete an item some time after a time, if there is one.
// The table counts in seconds; a part of one is rounded up, so that nothing is
// deleted early.
func forget(row item, at time.Time) {
	if !at.IsZero() {
		row[attrTTL] = numberValue(strconv.FormatInt(at.Add(time.Second-1).Unix(), 10))
	}
}

// encode returns a record's fields with the attributes that every item has.
func encode(record any, key, attempt string) (item, error) {
	row, err := attributevalue.MarshalMapWithOptions(record, func(o *attributevalue.EncoderOptions) {
		o.TagKey = "json"
		o.OmitEmptyTime = true
		o.EncodeTime = func(t time.Time) (types.AttributeValue, error) {
			return textValue(t.UTC().Format(time.RFC3339Nano)), nil
		}
	})
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", key, err)
	}
	row[attrKey] = textValue(key)
	row[attrAttempt] = textValue(attempt)
	return row, nil
}

// decode reads a record from an item and ignores what is not the record's.
func decode(row item, record any) error {
	return attributevalue.UnmarshalMapWithOptions(row, record, func(o *attributevalue.DecoderOptions) {
		o.TagKey = "json"
	})
}

// decodeAll reads a list of records. Rows that cannot be read are left out, and the
// error, which is igauth.ErrDamaged, names them.
func decodeAll[Record any](rows []item) ([]Record, error) {
	records := make([]Record, 0, len(rows))
	var damaged []error
	for _, row := range rows {
		var record Record
		if err := decode(row, &record); err != nil {
			damaged = append(damaged, fmt.Errorf("%s: %w: %w", text(row[attrKey]), igauth.ErrDamaged, err))
			continue
		}
		records = append(records, record)
	}
	return records, errors.Join(damaged...)
}

// shardOf returns the partition of the due index that an account is in.
func shardOf(id igauth.AccountID) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	return strconv.Itoa(int(h.Sum32() % shards))
}

// nanos returns a time as nanoseconds since 1970, which sorts exactly as time
// does. Text in RFC 3339 would not, since "05Z" sorts after "05.1Z", and whole
// seconds would need a second look at the fraction. DynamoDB's numbers have 38
// digits
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html),
// so that no year is out of range as it would be for an int64.
func nanos(t time.Time) string {
	if t.Unix() <= 0 {
		return "0"
	}
	return fmt.Sprintf("%d%09d", t.Unix(), t.Nanosecond())
}

// neverNanos stands for no end. It is behind all times that can be written in RFC
// 3339, as it is the first nanosecond of the year 10000.
const neverNanos = "253402300800000000000"

// endNanos returns where an end stands in the index by status; the zero time is
// no end.
func endNanos(t time.Time) string {
	if t.IsZero() {
		return neverNanos
	}
	return nanos(t)
}

// endFromNanos is the inverse of endNanos. The version before wrote "0" for no
// end, as accounts have that have no token: they come first and without an end
// until they are saved again.
func endFromNanos(digits string) time.Time {
	if digits == neverNanos {
		return time.Time{}
	}
	return fromNanos(digits)
}

// fromNanos is the inverse of nanos; the zero time for what nanos did not write,
// and for "0".
func fromNanos(digits string) time.Time {
	if len(digits) < 10 {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(digits[:len(digits)-9], 10, 64)
	part, err2 := strconv.ParseInt(digits[len(digits)-9:], 10, 64)
	if err != nil || err2 != nil {
		return time.Time{}
	}
	return time.Unix(seconds, part).UTC()
}
