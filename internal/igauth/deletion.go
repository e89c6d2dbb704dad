package igauth

import (
	"context"
	"errors"
	"net/http"
	"regexp"
)

// deletionPath is where Meta asks to erase, and, with a code behind it, where
// people see what became of that.
const deletionPath = "/data-deletion"

// A DeletionAnswer is what Meta wants to know of a request to erase, and shows to
// the person who made it
// (https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback).
type DeletionAnswer struct {
	// URL is the public page on which the person sees how far it is.
	URL string `json:"url"`
	// ConfirmationCode is the code at the end of the URL.
	ConfirmationCode string `json:"confirmation_code"`
}

// DeletionHandler answers POST /data-deletion, by which Meta asks to erase what is
// known of a person, and GET /data-deletion/{code}, the page that says how far that
// is. The answer to Meta is the same whether the person is known or not.
type DeletionHandler struct{ metaCall }

// NewDeletionHandler returns the handler.
func NewDeletionHandler(cfg MetaCallConfig) (http.Handler, error) {
	m, err := newMetaCall(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.PublicURL == "" {
		return nil, errors.New("the public URL is missing")
	}
	h := &DeletionHandler{m}
	mux := http.NewServeMux()
	mux.Handle(deletionPath, m.post(h.erase))
	mux.HandleFunc(deletionPath+"/{code}", h.receipt)
	mux.HandleFunc("/", notFound)
	return secured(cfg.PlainHTTP, mux), nil
}

func (h *DeletionHandler) erase(ctx context.Context, request signedRequest) (any, error) {
	removal, err := h.remove(ctx, RemovalErase, request)
	if err != nil {
		return nil, err
	}
	return DeletionAnswer{URL: h.PublicURL + deletionPath + "/" + removal.Code, ConfirmationCode: removal.Code}, nil
}

// receiptCode is what a confirmation code looks like.
var receiptCode = regexp.MustCompile(`^[0-9a-f]{40}$`)

// receipt shows what became of a request. Every code that is not known gets the
// same page.
func (h *DeletionHandler) receipt(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		writePage(w, r, CodeMethod, pageOptions{})
		return
	}
	code := r.PathValue("code")
	if !receiptCode.MatchString(code) {
		writePage(w, r, CodeReceiptUnknown, pageOptions{})
		return
	}
	removal, err := h.Store.Receipt(r.Context(), code)
	if err != nil {
		if CodeOf(err) != CodeReceiptUnknown {
			h.Log.ErrorContext(r.Context(), "receipt not shown", "err", err)
		}
		writePage(w, r, CodeOf(err), pageOptions{})
		return
	}
	writeReceipt(w, r, removal)
}
