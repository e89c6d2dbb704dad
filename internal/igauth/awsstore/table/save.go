package table

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"igauth/internal/igauth"
)

// The conditions of a save. None of the names is reserved
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html).
const (
	ifNew       = "attribute_not_exists(" + attrKey + ")"
	ifUnchanged = attrRevision + " = :revision"
)

// conditionFailed is the reason of a cancelled transaction that is an answer
// about the record; the others are about the service's state
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
const conditionFailed = "ConditionalCheckFailed"

// Save implements [igauth.Ledger].
//
// A repetition that comes after somebody else's save cannot be told from a stale
// save, as only the last attempt is kept; it is a conflict. Of several records one
// that still has the attempt is enough: they were written together.
func (l *Ledger) Save(ctx context.Context, change igauth.Change) error {
	if change.Attempt == "" {
		return errors.New("a save needs the name of its attempt")
	}
	var writes []write
	if a := change.Account; a != nil {
		next := *a
		next.Revision++
		row, err := accountItem(next, change.Attempt)
		if err != nil {
			return err
		}
		writes = append(writes, write{row, &a.Revision})
	}
	if f := change.Flow; f != nil {
		next := *f
		next.Revision++
		row, err := flowItem(next, change.Attempt)
		if err != nil {
			return err
		}
		writes = append(writes, write{row, &f.Revision})
	}
	if p := change.Person; p != nil {
		next := *p
		next.Revision++
		row, err := personItem(next, change.Attempt)
		if err != nil {
			return err
		}
		writes = append(writes, write{row, &p.Revision})
	}
	if r := change.Removal; r != nil {
		next := *r
		next.Revision++
		row, err := removalItem(next, change.Attempt)
		if err != nil {
			return err
		}
		writes = append(writes, write{row, &r.Revision})
	}
	if h := change.Health; h != nil {
		next := *h
		next.Revision++
		row, err := healthItem(next, change.Attempt)
		if err != nil {
			return err
		}
		writes = append(writes, write{row, &h.Revision})
	}
	var err error
	switch len(writes) {
	case 0:
		return errors.New("a save needs a record")
	case 1:
		err = l.put(ctx, writes[0], change.Attempt)
	default:
		err = l.transact(ctx, writes, change.Attempt)
	}
	if err != nil {
		return err
	}
	for _, w := range writes {
		*w.revision++
	}
	return nil
}

// A write is one item of a save.
type write struct {
	row item
	// revision is the given record's, on which the write depends.
	revision *int64
}

func (w write) key() string { return text(w.row[attrKey]) }

// condition returns the write's condition and the values that it names.
func (w write) condition() (*string, item) {
	if *w.revision == 0 {
		return aws.String(ifNew), nil
	}
	return aws.String(ifUnchanged), item{":revision": numberValue(strconv.FormatInt(*w.revision, 10))}
}

// put writes one item.
func (l *Ledger) put(ctx context.Context, w write, attempt string) error {
	condition, values := w.condition()
	_, err := l.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &l.table,
		Item:                                w.row,
		ConditionExpression:                 condition,
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if text(failed.Item[attrAttempt]) == attempt {
			return nil
		}
		err = igauth.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("saving %s: %w", w.key(), err)
	}
	return nil
}

// transact writes several items, all or none. The request's token makes DynamoDB
// itself recognize a repetition for ten minutes; the attempt in the items does
// for longer, and where that is not implemented.
func (l *Ledger) transact(ctx context.Context, writes []write, attempt string) error {
	items := make([]types.TransactWriteItem, len(writes))
	for i, w := range writes {
		condition, values := w.condition()
		items[i].Put = &types.Put{
			TableName:                           &l.table,
			Item:                                w.row,
			ConditionExpression:                 condition,
			ExpressionAttributeValues:           values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}
	}
	_, err := l.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems:      items,
		ClientRequestToken: &attempt,
	})
	if canceled, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		conflict := false
		for _, reason := range canceled.CancellationReasons {
			if aws.ToString(reason.Code) != conditionFailed {
				continue
			}
			if text(reason.Item[attrAttempt]) == attempt {
				return nil
			}
			conflict = true
		}
		if conflict {
			err = igauth.ErrConflict
		}
	}
	if err != nil {
		keys := make([]string, len(writes))
		for i, w := range writes {
			keys[i] = w.key()
		}
		return fmt.Errorf("saving %s: %w", strings.Join(keys, " and "), err)
	}
	return nil
}
