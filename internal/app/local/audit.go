package local

import (
	"context"
	"errors"
	"fmt"
	"os"

	"igauth/internal/igauth"
)

// An auditFile has a line of JSON for each reading of a token. Only its owner can
// read it.
type auditFile string

// Audit implements [igauth.Auditor]. The file is opened each time: the server and
// the command write into it, and somebody may take it away.
func (path auditFile) Audit(ctx context.Context, reading igauth.Reading) error {
	file, err := os.OpenFile(string(path), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening the audit: %w", err)
	}
	err = igauth.LineAuditor(file).Audit(ctx, reading)
	return errors.Join(err, file.Close())
}
