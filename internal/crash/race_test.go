//go:build race

package crash_test

func init() { *everyNth = 15 }
