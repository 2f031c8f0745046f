"""Credentials, approvals, and what devices judge."""

OWNERS: dict[str, str] = {
    # --- credentials and approvals ---
    "Approve this?": "これを承認しますか？",
    "Approved by": "承認した所有者",
    "Approved.": "承認しました。",
    "Everything is verified as at its creation; the service's word is not enough. A wallet that another owner "
    "made, with a credential of yours among its owners, is taken up by its id ('warifu wallet show' on his "
    "machine): the id stands for every device, owner and rule of it, and its devices are trusted from then "
    "on.": (
        "作成時と同じくすべて検証し、サービスの言葉だけでは足りません。他の所有者が作り、あなたのクレデン"
        "シャルを所有者に含むウォレットは、その id（相手のマシンで warifu wallet sho"
        "w）で取り込みます。id はすべての端末・所有者・規則を表し、以後その端末を信頼します。"
    ),
    "Have the wallet obey this credential, too: a passkey of yours by its name, or what another owner "
    "exported (file or text; repeat).": (
        "ウォレットをこのクレデンシャルにも従わせます。自分のパスキーの名前、または他の所有者が書き出した"
        "もの（ファイルか文字列、繰り返し可）。"
    ),
    "List what waits for approvals, as this client reads it itself.": (
        "承認を待つものを一覧します。内容はこのクライアント自身が読みます。"
    ),
    "Of a wallet that another owner made: its id, as he told it to you.": (
        "他の所有者が作ったウォレットの、本人から聞いた id。"
    ),
    "Refuse this?": "これを拒否しますか？",
    "Refused by": "拒否した所有者",
    "Refused.": "拒否しました。",
    "Say no to ID, for the other owners to see; your earlier approval is gone from the service.": (
        "ID を拒否し、他の所有者に見せます。以前の承認はサービスから消えます。"
    ),
    "The others approve it with: warifu approval give {transfer}": (
        "他の所有者の承認: warifu approval give {transfer}"
    ),
    "The policy wants the approval of {needed} owners for this. Yours is the first.": (
        "ポリシーはこれに所有者 {needed} 人の承認を求めます。あなたの承認が 1 人目です。"
    ),
    "Then go on with: warifu resume {wallet} {transfer}": (
        "その後に続けます: warifu resume {wallet} {transfer}"
    ),
    "This is asked for, as this client reads it itself:": (
        "求められている内容（このクライアント自身が読んだもの）:"
    ),
    "approvals": "承認",
    "owner": "所有者",
    "refused by: {names}": "拒否した所有者: {names}",
    "until": "期限",
    "{given} of {needed}: {names}": "{needed} 人中 {given} 人: {names}",
    "It stops nobody: enough others can still approve, and an approval that was handed on before still counts. What "
    "nobody approves any more is withdrawn, and its coins are free.": (
        "これだけでは止まりません。他の所有者が足りれば承認され、すでに渡した承認も有効なままです。"
        "誰も承認していないものは取り下げられ、コインは空きます。"
    ),
    "Show what ID asks for, as this client reads it, and approve it.": (
        "ID が求める内容をこのクライアントが読んだとおりに表示し、承認します。"
    ),
    "Wanted": "求められていること",
    "What several owners have to approve, and your word on it.": (
        "複数の所有者の承認が必要なものと、それへのあなたの返事。"
    ),
    "other rules": "別の規則",
    "the end of its freeze": "凍結の終わり",
    "Hand a change that enough owners approved ('warifu approval give ID') to the connected devices, with the "
    "passphrase.": (
        "必要な数の所有者が承認した変更（warifu approval give ID）を、パスフレーズとともに接続中の端末へ渡します。"
    ),
    "It is shown once more, compared with the rules in force by this client's own record.": (
        "このクライアント自身の記録で有効な規則と比べて、もう一度表示します。"
    ),
    "Approve with your passkey": "パスキーで承認する",
    "Done. Go back to the terminal.": "済みました。端末の画面に戻ってください。",
    "Go on in the browser. If it does not open, go to this address on this machine:": (
        "ブラウザーで続けてください。開かない場合は、このマシンで次のアドレスを開きます:"
    ),
    "How the other owner shall see it.": "相手の所有者に見える名前。",
    "It counts only on that page and with your PIN, finger or face. A wallet obeys it once it is among its owners.": (
        "そのページで、PIN・指・顔による本人確認があるときだけ有効です。ウォレットの所有者に加えられると、ウォレットが従います。"
    ),
    "It is not the wallet's passphrase, and must be another word: whoever steals this machine can try PINs at home.": (
        "ウォレットのパスフレーズとは別のものにします。このマシンを盗んだ者は、手元で PIN をいくらでも試せるからです。"
    ),
    "Leave the key unlocked from now on.": "今後は鍵をロックしません。",
    "Leave this client's key unlocked; for scripts, and where the disk is encrypted.": (
        "このクライアントの鍵をロックしません。スクリプト用、またはディスクが暗号化されている場合。"
    ),
    "List your credentials, and other owners' that this client knows by name.": (
        "自分のクレデンシャルと、このクライアントが名前で知る他の所有者のものを一覧します。"
    ),
    "Lock this client's key by another PIN, of at least 8 characters.": (
        "このクライアントの鍵を別の PIN（8 文字以上）でロックします。"
    ),
    "Make a passkey": "パスキーを作る",
    "Make a passkey, on a page of this client's own in your browser, or on a security key.": (
        "パスキーを作ります。ブラウザーの中のこのクライアント自身のページで、またはセキュリティキーで。"
    ),
    "New PIN of this client: ": "このクライアントの新しい PIN: ",
    "New passkey": "新しいパスキー",
    "No": "いいえ",
    "Nothing in it is secret, but it must arrive unchanged: compare the digest with the other owner.": (
        "秘密は含みませんが、変わらずに届く必要があります。相手の所有者とダイジェストを比べてください。"
    ),
    "PIN of the security key: ": "セキュリティキーの PIN: ",
    "PIN of this client: ": "このクライアントの PIN: ",
    "Print the public half of a credential, for the owner who makes a wallet that shall obey you, too.": (
        "クレデンシャルの公開部分を表示します。あなたにも従うウォレットを作る所有者に渡します。"
    ),
    "Profile": "プロファイル",
    "Read the PIN of this client from this open file descriptor instead of the terminal.": (
        "このクライアントの PIN を、端末の代わりにこの開いたファイル記述子から読みます。"
    ),
    "Read the new PIN from this descriptor.": "新しい PIN をこの記述子から読みます。",
    "Speak to a FIDO2 key over USB, without a browser.": (
        "ブラウザーを使わず、USB の FIDO2 キーと話します。"
    ),
    "That did not work; you can try again.": "うまくいきませんでした。もう一度試せます。",
    "The passkey {name} is yours.": "パスキー {name} はあなたのものです。",
    "This client's key is locked by the new PIN.": ("このクライアントの鍵は新しい PIN でロックされました。"),
    "This page is your own client's, on this machine. Compare it with the terminal.": (
        "このページは、このマシンのあなた自身のクライアントのものです。端末の画面と比べてください。"
    ),
    "With what you approve: this client's own key, passkeys, FIDO2 security keys.": (
        "承認に使うもの: このクライアントの鍵、パスキー、FIDO2 セキュリティキー。"
    ),
    "Write it to this file.": "このファイルに書きます。",
    "another owner's": "他の所有者のもの",
    "device key": "クライアントの鍵",
    "digest": "ダイジェスト",
    "passkey": "パスキー",
    "security key": "セキュリティキー",
    "this client's key is not locked any more: whoever takes this machine can approve with it": (
        "このクライアントの鍵はもうロックされていません。このマシンを持つ者は誰でも承認できます"
    ),
    "touch your security key now": "セキュリティキーに触れてください",
    "whose": "誰のもの",
    "yours": "自分のもの",
    "awake for each transfer": "送金ごとに起動が必要な端末",
    # --- requests judged by devices ---
    "Ask every device of the wallet whether it would sign REQUEST, rule by rule; nothing is signed or "
    "counted.": (
        "ウォレットのすべての端末に、REQUEST に署名するかをルールごとに尋ねます。何も署名されず、数えら"
        "れません。"
    ),
    "Authorized": "承認",
    "By its rules this device would sign.": "ルールによれば、この端末は署名します。",
    "Chain": "チェーン",
    "Compare it, by eye, with what the client shows: two displays that nobody could alter together. The "
    "digits say that both speak of the same request. Nothing is signed or counted by it.": (
        "クライアントの表示と目で見比べてください。二つの表示を同時に偽ることはだれにもできません。数字は"
        "、どちらも同じ依頼のことだと示します。これで何かが署名されたり数えられたりすることはありません。"
    ),
    "REQUEST is the id of one that the device judged since its start, or let be signed before; without "
    "one it is the newest that an owner authorized, else the newest dry run. With --file no service is "
    "asked: bring the request over.": (
        "REQUEST は、端末が起動後に判断した依頼、または起動前に署名を許した依頼の識別子です。省くと、所有"
        "者が承認した最も新しいもの、なければ最も新しい試行です。--file ではサービスに何も尋ねません。依"
        "頼のファイルを自分で運んでください。"
    ),
    "Show a request as this machine's device itself reads it in the transaction's bytes, and judges it.": (
        "このマシンの端末が依頼をトランザクションのバイト列から自分で読み、判断したとおりに表示します。"
    ),
    "Signed from": "署名を始めた時刻",
    "This device let it be signed: so says its journal. It was started since; what each rule said, until "
    "when the request was in time, and the text of a message are not known here any more.": (
        "この端末は署名を許した、と日誌にあります。その後に端末は再起動しています。各規則の判断、依頼の期"
        "限、メッセージの文面は、もうここではわかりません。"
    ),
    "What 'warifu send --dry-run --save' wrote ('-': standard input): the device reads and judges it now.": (
        "'warifu send --dry-run --save' が書いたファイル（'-' なら標準入力）。端末がいま読んで判断します。"
    ),
    "nobody was asked: you brought it here yourself": (
        "だれにも尋ねていません（あなたがここへ持ってきました）"
    ),
    "{count} lines of the message are not shown, or not whole: look at all of it elsewhere, or do not "
    "sign it": (
        "メッセージの {count} 行が表示されていないか、途中までです。ほかで全文を確かめるか、署名しないで"
        "ください"
    ),
    "Compare on a device ('warifu signer show'): {digits}": "端末で見比べる数字（'warifu signer show'）: {digits}",
    "Compare with the client: {digits}": "クライアントと見比べる数字: {digits}",
    "Have every device judge the request before you say yes; each can show it itself ('warifu signer show').": (
        "同意する前に、すべての端末に依頼を判断させます。どの端末も自ら表示できます（'warifu signer show'）。"
    ),
    "Judged": "判断した時刻",
    "REQUEST is a file that 'warifu send --dry-run --save' wrote, or the id of a transfer at the service, "
    "which may wait for other owners: what they approved so far counts.": (
        "REQUEST は 'warifu send --dry-run --save' が書いたファイルか、サービスにある送金の識別子です。"
        "ほかの所有者を待つ送金でもかまいません。これまでの承認が数えられます。"
    ),
    "The exit code is 0 where enough devices would sign; else it is that of the first refusal (5: the policy)"
    ", or 13 where too many devices are off.": (
        "終了コードは、必要な数の端末が署名するなら 0、そうでなければ最初の拒否のもの（5 はポリシー）、"
        "多くの端末が切れているなら 13 です。"
    ),
    "This device would refuse: {message}": "この端末は拒否します: {message}",
    "Say it with this credential of yours (default: this client's key; where the wallet does not obey "
    "that, your only passkey that it obeys).": (
        "自分のこの認証手段で承認する（既定: このクライアントの鍵。ウォレットがそれに従わない場合は、ウォ"
        "レットが従う唯一の自分のパスキー）。"
    ),
    "a veto": "拒否権の行使",
    "any {threshold} of {names} open {name} when it starts": (
        "{name} の起動時に {names} のうち任意の {threshold} 台が開く"
    ),
    "devices that are behind": "遅れている端末に規則を伝える",
    "new shares for all of its devices": "すべての端末に新しいシェア",
    "to announce": "予告",
    "to freeze it": "凍結",
    "to read its devices' journals": "端末の日誌を読む",
    "to take this device as what it is now:": "この端末を現在の状態のものとして受け入れる:",
    "to take this device back as it is:": "この端末を現在の状態で迎え戻す:",
    "Carry out what enough owners approved ('warifu approval give ID') about a device, with the wallet's "
    "passphrase.": (
        "十分な数の所有者が承認した（'warifu approval give ID'）端末についての依頼を、ウォレットのパスフ"
        "レーズで実行します。"
    ),
    "Enough owners approved. Whoever knows the passphrase goes on with: warifu {command}": (
        "十分な数の所有者が承認しました。パスフレーズを知る人が次へ進みます: warifu {command}"
    ),
    "Entries in its journal": "日誌の項目数",
    "It is done: the device starts by these keepers from now on.": (
        "完了しました。端末は今後、これらの保管者によって起動します。"
    ),
    "It is what 'accept', 'hand-out' or 'take-back' laid before them. It is shown once more.": (
        "'accept'、'hand-out'、'take-back' が所有者たちに示した依頼です。もう一度表示します。"
    ),
    "Keepers": "保管者",
    "Runs on": "動作環境",
    "Then go on with: warifu {group} carry {identifier}": "その後に実行: warifu {group} carry {identifier}",
    "This takes {needed} owners, as the largest payment does. Yours is the first.": (
        "これには最大の支払いと同じく {needed} 人の所有者が必要です。あなたが一人目です。"
    ),
    "Where the largest payment of a wallet takes several owners, so does this: it is laid before the "
    "others.": (
        "ウォレットの最大の支払いに複数の所有者が必要なら、これにも必要です。ほかの所有者に示されます。"
    ),
    "Your approval covers exactly this. It does nothing by itself: an owner with the passphrase carries "
    "it out, once enough have approved (a transfer by 'warifu resume').": (
        "あなたの承認はこの依頼だけに及びます。承認だけでは何も起こりません。十分な数が承認したあと、パス"
        "フレーズを持つ所有者が実行します（送金は 'warifu resume'）。"
    ),
    "Where a device is to be accepted as what it is now, this client looks at the device itself first, "
    "and says what it sees.": (
        "端末を現在の状態のものとして受け入れる依頼では、このクライアントがまず自分で端末を調べ、見えたも"
        "のを伝えます。"
    ),
    "this client could not look at {name} itself: {message}": (
        "このクライアントは自分で {name} を調べられませんでした: {message}"
    ),
    "this client does not know as what {name} was accepted before": (
        "このクライアントは、{name} がこれまで何として受け入れられていたかを知りません"
    ),
    "to hand this device's sealing secret out:": "この端末の封印の秘密を配る:",
    "to take this device as something else than before:": "この端末を以前とは別のものとして受け入れる:",
    "what {name} shows to this client now is not what it is to be accepted as": (
        "いま {name} がこのクライアントに示すものは、受け入れる依頼の内容と違います"
    ),
    "{count} of {all} devices hold it to that now.": (
        "{all} 台中 {count} 台の端末が、今後それを基準にします。"
    ),
    "Wallet": "ウォレット",
    "What this device read in the bytes that it would sign:": (
        "この端末が、署名することになるバイト列から読み取ったもの:"
    ),
    "With --dry-run: keep the request in this new file, for 'warifu policy check' and 'warifu signer show'.": (
        "--dry-run とともに: 依頼をこの新しいファイルに保存します（'warifu policy check' と 'warifu signer show' 用）。"
    ),
    "also judged: {id} ({when}; authorized {kind})": "ほかに判断したもの: {id}（{when}、承認: {kind}）",
    "by its owner": "所有者による",
    "by nobody: a dry run": "なし（試行）",
    "is off": "接続していません",
    "Freeze its wallets too, on all of their devices: only 'warifu policy unfreeze' and a wait undo that.": (
        "この端末のウォレットも、すべての端末で凍結する（解除は 'warifu policy unfreeze' と待機だけ）。"
    ),
    "What it is signing at this moment ends. A restart does not thaw it. The wallet's other devices sign without it "
    "where enough of them are left, unless --wallets stops them as well.": (
        "署名の途中のものは終わります。再起動しても解けません。残りの端末が足りていれば、--wallets で止めないかぎり、"
        "ウォレットはこの端末なしで署名します。"
    ),
    "Veto, on this machine's device, what waits for one of its wallets or was announced to it.": (
        "この機械の端末で、ウォレットについて待っているもの、または予告されたものを拒否します。"
    ),
    "BEGINNING is that of its id, as 'warifu signer status' shows it here. The device tells the wallet's other "
    "devices, and none of them lets it happen from then on.": (
        "BEGINNING は、ここで 'warifu signer status' が示す ID の先頭です。この端末はウォレットのほかの端末に伝え、"
        "それ以降どの端末もそれを実行しません。"
    ),
    "Vetoed. This device tells the others.": "拒否しました。この端末がほかの端末に伝えます。",
    "WALLET FROZEN": "ウォレット凍結中",
    "the wallet is unfrozen": "ウォレットの凍結が解ける",
    "other rules are in force": "別のルールが有効になる",
    "{what} at {moment}": "{what}: {moment}",
    "waits": "待機中",
    "new destination {address}": "新しい宛先 {address}",
    "and {count} more": "ほか {count} 件",
    "{chain}, since {moment}": "{chain}、{moment} から",
    "announced": "予告済み",
}
