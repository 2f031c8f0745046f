"""What ``--help`` says of commands and options."""

HELPING: dict[str, str] = {
    # --- help: commands ---
    "A warm wallet whose key is born in pieces and signs only when the pieces meet.": (
        "鍵が割られて生まれ、割符が合うときだけ署名する、ウォームウォレット。"
    ),
    "The devices that hold the pieces of the key.": "鍵の断片を持つ端末。",
    "Invite a device, wait until it joins, and compare the digits.": "端末を招き、加わるのを待ち、数字を照合します。",
    "Run the line that is printed on the device. Then both screens show nine digits: only where they are the same does "
    "the device have your key and you have the device's, with nobody between.": (
        "表示された行をその端末で実行してください。両方の画面に 9 桁の数字が出ます。同じときだけ、間に誰もおらず、"
        "端末はあなたの鍵を、あなたは端末の鍵を持っています。"
    ),
    "Enrol this device with an INVITATION of its owner.": "所有者の INVITATION で、この端末を登録します。",
    "The two screens show nine digits; say yes only where they are the same.": (
        "両方の画面に 9 桁の数字が出ます。同じときだけ「はい」と答えてください。"
    ),
    "Keep this enrolled device connected, until Ctrl-C.": "登録済みのこの端末を、Ctrl-C まで接続しておきます。",
    "List the enrolled devices, and whether they are connected.": "登録した端末と、接続しているかどうかを並べます。",
    "Ask a device how it is: the one on this machine, or the enrolled device NAME through the service.": (
        "端末に様子をたずねます。このマシンの端末か、サービスを通して端末 NAME に。"
    ),
    "Forget the device NAME, here and at the service. Wallets that it has a share of keep needing it.": (
        "端末 NAME を、ここでもサービスでも忘れます。その断片を使うウォレットには、これからも必要です。"
    ),
    "Policies: what a wallet's devices may sign, and under which conditions.": (
        "ポリシー：ウォレットの端末が、どんな条件で何に署名してよいか。"
    ),
    "Print a policy to begin with: TOML that you adapt.": "手始めのポリシーを表示します。書き直して使う TOML です。",
    "No recipe names anybody: as it stands, nothing leaves but to those whom you write in or announce.": (
        "どのひな形にも相手の名はありません。そのままでは、あなたが書き込むか予告した相手にしか出ません。"
    ),
    "Print the policy of WALLET as TOML, to be changed: what is printed is read as the very policy in force.": (
        "WALLET のポリシーを、書き直せる TOML として表示します。読み直せば、有効なポリシーとまったく同じになります。"
    ),
    "Limits that were stated in money are printed as the money that they came to, which is a little less than what was "
    "typed; comments are not kept.": (
        "通貨建ての上限は換算後の額で表示され、入力した額よりわずかに小さくなります。注釈は残りません。"
    ),
    "Read a policy file as a wallet would, and say every rule of it; an error names its line and field.": (
        "ポリシーのファイルをウォレットと同じように読み、すべての規則を述べます。誤りは行と項目を示します。"
    ),
    "Wallets: a key that is born in pieces, and the policy under which it signs.": (
        "ウォレット: 割られて生まれる鍵と、署名の決まり（ポリシー）。"
    ),
    "Bring a device home that missed the end of 'create'; the wallet is yours once none is missing.": (
        "'create' の終わりに居合わせなかった端末を迎え入れます。全部そろえばウォレットは使えます。"
    ),
    "The device takes its share from public data of the devices that finished, and verifies it itself.": (
        "端末は、終えた端末の公開データから自分の断片を取り出し、自分で検証します。"
    ),
    "The device that missed the end of the key generation.": "鍵生成の終わりに居合わせなかった端末。",
    "Give every device of WALLET a new share of the same keys, and have it delete the old one.": (
        "WALLET のすべての端末に同じ鍵の新しい断片を渡し、古い断片を消させます。"
    ),
    "Addresses, passphrase and policy stay. What a thief got of a device before is worth nothing beside what he gets "
    "afterwards: he needs enough shares of one time. Refresh now and then, and when a device was out of your hands.": (
        "アドレス、パスフレーズ、ポリシーはそのままです。更新の前に盗まれた断片は、後に盗まれた断片と合わせても"
        "役に立ちません。同じ時期の断片が必要な数だけそろわないと使えないからです。ときどき、また端末が手元を離れたときに"
        "更新してください。"
    ),
    "All devices of the wallet must be on, so it is no help where one is gone for good: make another wallet then. If "
    "anything breaks off, nothing is lost. An old backup of a device's disk still holds the old share: delete it.": (
        "ウォレットのすべての端末の電源が入っている必要があるので、端末を失くしてしまった場合には役に立ちません。"
        "そのときは別のウォレットを作ってください。途中で止まっても何も失われません。端末のディスクの古いバックアップには"
        "古い断片が残っています。消してください。"
    ),
    "Each of these devices gets a new share and deletes the old one: {names}.": (
        "次の端末がそれぞれ新しい断片を受け取り、古い断片を消します: {names}。"
    ),
    "Refresh the shares of {name}?": "{name} の断片を更新しますか?",
    "Every device keeps its new share of {name}; addresses and keys are the same (refresh {count}).": (
        "すべての端末が {name} の新しい断片を保存しました。アドレスと鍵は同じです（更新 {count} 回目）。"
    ),
    "{names}: not told of the end yet; it deletes the old share once it is.": (
        "{names}: まだ更新の完了を知らされていません。知らされると古い断片を消します。"
    ),
    "shares refreshed": "断片の更新回数",
    "Have the devices generate keys of which each gets one share, and no one ever the whole.": (
        "端末たちに鍵を生成させます。各端末は断片を一つずつ持ち、全体を持つものは決してありません。"
    ),
    "You choose the wallet's passphrase, at least 12 characters, typed twice. It is stored nowhere: without it, and "
    "without enough devices, the coins are lost.": (
        "ウォレットのパスフレーズを決め、2 度入力します（12 文字以上）。どこにも保存されません。"
        "これと十分な数の端末がなければ、コインは失われます。"
    ),
    "Take up a wallet that you authorized before: after an interrupted 'create', or with a restored profile.": (
        "前に承認したウォレットを取り込みます。中断した create のあとや、復元したプロファイルで。"
    ),
    "List the wallets whose birth this client verified.": "このクライアントが誕生を検証したウォレットを並べます。",
    "Show a wallet's devices, policy and public descriptors (for Sparrow, Bitcoin Core and others to look on).": (
        "ウォレットの端末、ポリシー、公開のディスクリプタ（Sparrow や Bitcoin Core などで見るため）を示します。"
    ),
    "Exchange transactions with other programs.": "ほかのプログラムとトランザクションをやりとりします。",
    "Sign and send the PSBT in FILE, which another program made for this wallet.": (
        "ほかのプログラムがこのウォレットのために作った FILE の PSBT に署名し、送ります。"
    ),
    "It is shown as this client reads it; what it pays is what you confirm.": (
        "このクライアントが読んだとおりに示します。その支払いを、あなたが確かめます。"
    ),
    "Write the PSBT of a transfer to standard output: base64 at a terminal, binary into a file.": (
        "送金の PSBT を標準出力に書きます。端末へは base64、ファイルへはバイナリで。"
    ),
    "Show the next address at which WALLET receives; on chains of accounts it has one.": (
        "WALLET が受け取る次のアドレスを示します。アカウント型のチェーンではアドレスは一つです。"
    ),
    "This client derives the address itself from the key whose birth it verified, and refuses the service's if it is "
    "another one.": (
        "このクライアントが、誕生を検証した鍵から自分でアドレスを導き、サービスのものと違えば拒みます。"
    ),
    "Show what WALLET has on every chain, as the service's backends see it.": (
        "WALLET が各チェーンで持つものを、サービスのバックエンドが見るとおりに示します。"
    ),
    "Pay AMOUNT from WALLET to ADDRESS.": "WALLET から ADDRESS へ AMOUNT を支払います。",
    "AMOUNT has its unit ('0.015 BTC', '1500 sat', '0.2 ETH', '25 USDC'), or is, on Bitcoin, 'all' for "
    "everything that the wallet has.": (
        "AMOUNT には単位を付けます（'0.015 BTC'、'1500 sat'、'0.2 ETH'、'25 USDC'）。Bitcoin では"
        " 'all' でウォレットのすべてを送ります。"
    ),
    "The transaction is shown as this client reads it, then the passphrase is asked for, then the eight steps are "
    "shown as they happen. Ctrl-C is safe at any time and says how far it got.": (
        "このクライアントが読んだとおりにトランザクションを示し、パスフレーズをたずね、八つの段階をその都度示します。"
        "Ctrl-C はいつでも安全で、どこまで進んだかを告げます。"
    ),
    "Make the unconfirmed TRANSACTION of WALLET pay a higher fee.": (
        "WALLET の未承認の TRANSACTION に、より高い手数料を払わせます。"
    ),
    "A replacement pays the same recipients the same amounts; each fee bump is a new signature, so the devices and the "
    "passphrase are needed again.": (
        "置き換えは、同じ相手に同じ額を払います。手数料を上げるたびに新しい署名なので、端末とパスフレーズがまた必要です。"
    ),
    "One that the network refused is bumped in the same way: never pay again by another, both could be mined.": (
        "ネットワークに断られたものも、同じように手数料を上げます。別の送金で払い直さないでください。両方が承認されることがあります。"
    ),
    "Watch the TRANSFER of WALLET again, and authorize it again where the service needs that.": (
        "WALLET の送金 TRANSFER の続きを見ます。サービスに必要なら、もう一度承認します。"
    ),
    "The same request names the same transaction: authorized twice, it is still one payment.": (
        "同じ依頼は同じトランザクションを指します。二度承認しても、支払いは一つです。"
    ),
    "Show the transactions of WALLET, newest first.": "WALLET のトランザクションを、新しいものから示します。",
    "Give a transaction or an address of WALLET a label; an empty TEXT removes it.": (
        "WALLET のトランザクションかアドレスにラベルを付けます。TEXT が空なら消します。"
    ),
    "Show, as JSON, what a signer would see in FILE ('-': standard input) and every digest that it would sign.": (
        "FILE（'-' は標準入力）に署名者が見るものと、署名するダイジェストのすべてを、JSON で示します。"
    ),
    "FILE is a Bitcoin PSBT (binary, base64 or hexadecimal) or raw transaction; an Ethereum transaction, "
    "unsigned or signed, EIP-712 typed data or a personal message; or a Solana message or transaction. "
    "Nothing is asked of the service.": (
        "FILE は、Bitcoin の PSBT（バイナリ、base64、16進）か生のトランザクション、Ethereum のトラ"
        "ンザクション（署名の前か後）・EIP-712 の型付きデータ・個人メッセージ、または Solana のメッ"
        "セージかトランザクションです。サービスには何も尋ねません。"
    ),
    "Examine this machine: guards of the kernel, isolation, memory, start, processor, updates and settings.": (
        "このマシンを調べます: カーネルの守り、隔離、メモリ、起動、プロセッサ、更新、設定。"
    ),
    (
        "The layers of a signer's isolation are tried out in a short-lived process. Nothing is changed. "
        "What cannot be seen from here is shown as unknown, which is not the same as good."
    ): (
        "署名器の隔離の各層は短命のプロセスで実際に試します。何も変えません。ここから見えないものは「分からない」と示します。良いという意味ではありません。"
    ),
    "Access to the service. An API key alone moves nothing: signing takes your credential and passphrase.": (
        "サービスへのアクセス。API キーだけでは何も動きません。署名にはあなたの資格鍵とパスフレーズが要ります。"
    ),
    "Make an API key and show it, once: the service keeps only a hash of it.": (
        "API キーを作り、一度だけ示します。サービスはそのハッシュだけを持ちます。"
    ),
    "List the API keys by name.": "API キーを名前で並べます。",
    "End an API key at once.": "API キーをただちに終わらせます。",
    # --- help: options ---
    "The owner's profile (default: WARIFU_HOME, or ~/.config/warifu).": (
        "所有者のプロファイル（既定: WARIFU_HOME、または ~/.config/warifu）。"
    ),
    "Language of the output (default: from LANG).": "出力の言語（既定: LANG から）。",
    "Show the version and exit.": "版を示して終わります。",
    "Print one JSON object, for scripts.": "スクリプトのために、JSON を一つ出力します。",
    "Read the passphrase from this open file descriptor instead of the terminal.": (
        "パスフレーズを、端末の代わりに、開いているこのファイル記述子から読みます。"
    ),
    "Do not ask for confirmation.": "確認をたずねません。",
    "Stay until the transaction has N confirmations.": "承認数が N になるまで待ちます。",
    "Let this device sign (repeat; default: those that are connected).": (
        "この端末に署名させます（繰り返し可。既定: 接続中の端末）。"
    ),
    "Most that may be paid in fees (default: exactly the fee that is shown). To be named with --yes where nothing is "
    "paid in the chain's own coin: for tokens, cancellations, 'wallet prepare'.": (
        "払ってよい手数料の上限（既定: 示されたちょうどの額）。チェーン自身のコインを払わないとき（トークン、取り消し、"
        "'wallet prepare'）に --yes を使うなら、必ず指定します。"
    ),
    "Bitcoin: in sat/vB (default: what the backends suggest).": (
        "Bitcoin：sat/vB で指定します（既定：バックエンドの提案）。"
    ),
    "Ask the devices whether they would sign; sign nothing.": "署名するかどうかを端末にたずねるだけで、署名しません。",
    "Bitcoin: the new fee rate in sat/vB.": "Bitcoin：新しい手数料率（sat/vB）。",
    "Bitcoin: spend an output of it at a high fee instead of replacing it.": (
        "Bitcoin：置き換えるかわりに、その出力を高い手数料で使います。"
    ),
    "The service's address as the device reaches it (default: as this client does).": (
        "端末から見たサービスのアドレス（既定: このクライアントと同じ）。"
    ),
    "Where this device keeps its sealed store (default: ~/.local/share/warifu/device).": (
        "この端末の封印された保管場所（既定: ~/.local/share/warifu/device）。"
    ),
    "File with this device's unlock key, on another medium than its store; '-' to type it.": (
        "この端末の解錠鍵のファイル。保管場所とは別の媒体に。'-' なら入力します。"
    ),
    "Make the unlock key file first.": "先に解錠鍵のファイルを作ります。",
    "Stay connected afterwards, as 'warifu signer run' does.": "そのあと 'warifu signer run' のように接続を続けます。",
    "How many devices must sign.": "署名に必要な端末の数。",
    "Give this device a share (repeat).": "この端末に断片を持たせます（繰り返し可）。",
    "TOML file: what the devices may sign.": "端末が署名してよいものを書いた TOML ファイル。",
    "Memory that one guess of the passphrase costs (Argon2id); every device must have it.": (
        "パスフレーズを 1 回試すのにかかるメモリ（Argon2id）。どの端末にも必要です。"
    ),
    "Passes over that memory for one guess.": "1 回試すごとに、そのメモリを何度通るか。",
    "List the addresses that were given out, make no new one.": "渡したアドレスを並べ、新しいものは作りません。",
    "Show the transfers and their states instead.": "代わりに、送金とその状態を示します。",
    "Write all labels as BIP-329 lines.": "すべてのラベルを BIP-329 の行で書き出します。",
    "Also tell what of it is this wallet's, and what it would sign.": (
        "どの部分がこのウォレットのものか、何に署名するかも示します。"
    ),
    "Bitcoin: network whose addresses are shown (default: the profile's, else bitcoin).": (
        "Bitcoin：アドレスを表示するネットワーク（既定：プロファイルのもの、なければ bitcoin）。"
    ),
    "Bitcoin: how many addresses per branch are searched.": "Bitcoin：枝ごとに調べるアドレスの数。",
    "End with exit code 14 where anything is missing.": "欠けているものがあれば、終了コード 14 で終わります。",
    "Show every check, with its reason and what to do.": "すべての検査を、理由と対処とともに示します。",
    "Also run kernel-hardening-checker, where it is installed.": (
        "kernel-hardening-checker が入っていれば、それも実行します。"
    ),
    "Also write the report to this file, for devices whose agent sees less (see docs/host.md).": (
        "見える範囲の狭い端末のエージェントのため、報告をこのファイルにも書きます（docs/host.md）。"
    ),
    "What it may do (repeat); no scope contains another.": "許すこと（繰り返し可）。どの権限も他の権限を含みません。",
}
