package awsfake

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// An item is a row as DynamoDB has it.
type item = map[string]types.AttributeValue

// invalidRequest is DynamoDB's answer to a request that makes no sense.
func invalidRequest(format string, args ...any) error {
	return &smithy.GenericAPIError{Code: "ValidationException", Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// A term is a part of an expression: a function of an attribute, or a comparison
// of one with a value.
type term struct{ function, attribute, operator, value string }

var (
	functionPattern   = regexp.MustCompile(`^(attribute_exists|attribute_not_exists)\((\w+)\)$`)
	comparisonPattern = regexp.MustCompile(`^(\w+) (=|<>|<|<=|>|>=) (:\w+)$`)
	standInPattern    = regexp.MustCompile(`#\w+`)
)

// named returns an expression with the attributes' names instead of what stands
// for them, all of which must be used
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html).
func named(expression string, names map[string]string) (string, error) {
	used := map[string]bool{}
	unknown := ""
	expression = standInPattern.ReplaceAllStringFunc(expression, func(standIn string) string {
		name, known := names[standIn]
		if !known {
			unknown = standIn
		}
		used[standIn] = true
		return name
	})
	if unknown != "" {
		return "", invalidRequest("An expression attribute name used in the document path is not defined; attribute name: %s", unknown)
	}
	for _, standIn := range slices.Sorted(maps.Keys(names)) {
		if !used[standIn] {
			return "", invalidRequest("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", standIn)
		}
	}
	return expression, nil
}

// reserved are those reserved words that are attributes of ours. An expression
// may not name them
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html).
var reserved = map[string]bool{"name": true, "status": true, "ttl": true}

// parse returns the terms of an expression, all of which must hold. That is the
// part of the language that our stores speak
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
// Every value must be used.
func parse(expression string, values item) ([]term, error) {
	var terms []term
	used := map[string]bool{}
	for part := range strings.SplitSeq(expression, " AND ") {
		if f := functionPattern.FindStringSubmatch(part); f != nil {
			terms = append(terms, term{function: f[1], attribute: f[2]})
			continue
		}
		c := comparisonPattern.FindStringSubmatch(part)
		if c == nil {
			return nil, fmt.Errorf("awsfake: the expression %q is not imitated", part)
		}
		if values[c[3]] == nil {
			return nil, invalidRequest("An expression attribute value used in expression is not defined; attribute value: %s", c[3])
		}
		used[c[3]] = true
		terms = append(terms, term{attribute: c[1], operator: c[2], value: c[3]})
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !used[name] {
			return nil, invalidRequest("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	return terms, nil
}

// holds reports whether all terms hold for an item.
func holds(terms []term, row, values item) bool {
	for _, t := range terms {
		attribute, exists := row[t.attribute]
		switch t.function {
		case "attribute_exists":
			if !exists {
				return false
			}
			continue
		case "attribute_not_exists":
			if exists {
				return false
			}
			continue
		}
		order, comparable := compare(attribute, values[t.value])
		if !comparable {
			if t.operator != "<>" {
				return false
			}
			continue
		}
		if !map[string]bool{
			"=": order == 0, "<>": order != 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0,
		}[t.operator] {
			return false
		}
	}
	return true
}

// compare orders two texts by their bytes or two numbers by their value. Others
// cannot be compared.
func compare(a, b types.AttributeValue) (order int, comparable bool) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		if b, ok := b.(*types.AttributeValueMemberS); ok {
			return strings.Compare(a.Value, b.Value), true
		}
	case *types.AttributeValueMemberN:
		if b, ok := b.(*types.AttributeValueMemberN); ok {
			if natural(a.Value) && natural(b.Value) {
				return cmp.Or(cmp.Compare(len(a.Value), len(b.Value)), strings.Compare(a.Value, b.Value)), true
			}
			x, xOK := new(big.Rat).SetString(a.Value)
			y, yOK := new(big.Rat).SetString(b.Value)
			if xOK && yOK {
				return x.Cmp(y), true
			}
		}
	}
	return 0, false
}

// natural reports whether a number is digits without a leading zero, as most
// are, which are quickly compared.
func natural(number string) bool {
	for _, c := range []byte(number) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return number != "" && number[0] != '0'
}

// text returns the text of an attribute, "" if it is none.
func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// clone returns a copy of an item that shares nothing with it.
func clone(row item) item {
	if row == nil {
		return nil
	}
	out := make(item, len(row))
	for name, value := range row {
		out[name] = cloneValue(value)
	}
	return out
}

func cloneValue(v types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return &types.AttributeValueMemberS{Value: v.Value}
	case *types.AttributeValueMemberN:
		return &types.AttributeValueMemberN{Value: v.Value}
	case *types.AttributeValueMemberBOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Value}
	case *types.AttributeValueMemberNULL:
		return &types.AttributeValueMemberNULL{Value: v.Value}
	case *types.AttributeValueMemberB:
		return &types.AttributeValueMemberB{Value: slices.Clone(v.Value)}
	case *types.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: slices.Clone(v.Value)}
	case *types.AttributeValueMemberNS:
		return &types.AttributeValueMemberNS{Value: slices.Clone(v.Value)}
	case *types.AttributeValueMemberM:
		return &types.AttributeValueMemberM{Value: clone(v.Value)}
	case *types.AttributeValueMemberL:
		list := make([]types.AttributeValue, len(v.Value))
		for i, element := range v.Value {
			list[i] = cloneValue(element)
		}
		return &types.AttributeValueMemberL{Value: list}
	}
	panic(fmt.Sprintf("awsfake: an attribute of type %T is not imitated", v))
}
