"""Journals and their audits."""

AUDITS: dict[str, str] = {
    # --- audits of journals ---
    " (and {count} more were not written)": "（ほかに {count} 件は記録されませんでした）",
    "(of another wallet)": "（別のウォレットのもの）",
    "A new file in place of standard output; it is written whole or not at all.": (
        "標準出力の代わりの新しいファイル。すべて書かれるか、まったく書かれないかのどちらかです。"
    ),
    "Audit of the wallet {name}": "ウォレット {name} の監査",
    "Check the journals of WALLET's devices against each other, this client's records and the chain.": (
        "WALLET の端末の日誌を、互いに、このクライアントの記録と、そしてチェーンと照らし合わせます。"
    ),
    "Each entry is signed by its device and follows from the one before it; what devices signed together "
    "stands in each of their journals; and each remembers how far the others' were, signed by them, so that "
    "none can rewrite what it showed. What the service alone says is told as such.": (
        "どの項目もその端末が署名し、前の項目に連なります。端末が一緒に署名したものは、それぞれの日誌"
        "にあります。また各端末は、ほかの端末の日誌がどこまで進んでいたかを、その署名とともに覚えてい"
        "るので、一度見せたものはどの端末も書き換えられません。サービスだけが言うことは、そうと示しま"
        "す。"
    ),
    "Findings": "見つかったこと",
    "JSON Lines with every proof, or a report for people.": "すべての証明を含む JSON Lines、または人が読む報告。",
    "Journal of {device}": "{device} の日誌",
    "NOT READ": "未確認",
    "No service is asked. 'warifu audit verify WALLET --offline FILE...' checks the files of several devices "
    "against each other. All of the device's wallets are in it: give it to their owners alone.": (
        "サービスには問い合わせません。複数の端末のファイルは 'warifu audit verify WALLET --offline "
        "FILE...' で互いに照らし合わせます。端末のすべてのウォレットが含まれるので、その所有者にだけ"
        "渡してください。"
    ),
    "Nothing is wrong in what could be looked at; not everything could.": (
        "確認できた範囲に誤りはありません。ただし、すべては確認できませんでした。"
    ),
    "Nothing is wrong.": "誤りはありません。",
    "Nothing was found.": "何も見つかりませんでした。",
    "Read these files instead ('warifu signer journal' on each device), and ask nobody.": (
        "代わりにこれらのファイル（各端末の 'warifu signer journal'）を読み、だれにも問い合わせません。"
    ),
    "The exit code is 0 where nothing is wrong, 7 where something is, and 13 where not everything could be "
    "looked at.": (
        "終了コードは、誤りがなければ 0、誤りがあれば 7、すべては確認できなかったときは 13 です。"
    ),
    "The file is written whatever was found, and says so. The exit code is that of 'warifu audit verify'.": (
        "何が見つかってもファイルは書かれ、そこに記されます。終了コードは 'warifu audit verify' と同じです。"
    ),
    "The file; it is written whole or not at all.": (
        "ファイル。すべて書かれるか、まったく書かれないかのどちらかです。"
    ),
    "Transfers": "送金",
    "WRONG": "誤り",
    "What each device wrote down, checked.": "各端末が書き留めたものを確かめます。",
    "Write over a file that is there.": "すでにあるファイルに上書きします。",
    "Write the journals of WALLET's devices into a file, checked as 'warifu audit verify' does.": (
        "WALLET の端末の日誌を、'warifu audit verify' と同じく確かめたうえで、ファイルに書きます。"
    ),
    "Write this machine's device's own journal as JSON Lines, with every proof.": (
        "このマシンの端末の日誌を、すべての証明とともに JSON Lines で書き出します。"
    ),
    "Written: {path}": "書きました: {path}",
    "a call of {to} with {amount}": "{amount} を添えた {to} の呼び出し",
    "a message for {to}": "{to} へのメッセージ",
    "request {request} allowed on {chain}: {outflows}; fee at most {fee}; {transaction}; with {devices}; "
    "rules {rules}": (
        "依頼 {request} を {chain} で許可: {outflows}。手数料は最大 {fee}。{transaction}。端末 {devices}。"
        "ルール {rules}"
    ),
    "asked by": "求めた者",
    "device {who}": "端末 {who}",
    "entry": "項目",
    "fee at most": "手数料の上限",
    "first started": "最初の開始",
    "made on {when}": "作成: {when}",
    "moment": "時刻",
    "nobody yet": "まだだれも",
    "note": "備考",
    "open": "未決",
    "owner {number}": "所有者 {number}",
    "refused by rule {code} ({door})": "ルール {code} により拒否（{door}）",
    "refused by rule {code}: request {request}": "ルール {code} により拒否: 依頼 {request}",
    "the signatures for request {request} are there": "依頼 {request} の署名がそろいました",
    "signed by": "署名した端末",
    "the chain and the service were not asked": "チェーンとサービスには問い合わせていません",
    "the chain could not be asked through the service: {why}": (
        "サービスを通してチェーンに問い合わせられませんでした: {why}"
    ),
    "the device itself": "端末自身",
    "the journal of {device} could not be read": "{device} の日誌を読めませんでした",
    "the operator": "操作者",
    "the service": "サービス",
    "the service says that transfer {transfer} is {state}, and no journal has its start": (
        "サービスは送金 {transfer} が {state} だと言いますが、その開始はどの日誌にもありません"
    ),
    "this client": "このクライアント",
    "transaction": "トランザクション",
    "transaction {txid} spent the wallet's coins, as the service tells it, and no journal has it": (
        "サービスによればトランザクション {txid} がウォレットのコインを使いましたが、どの日誌にもありません"
    ),
    "transfer {transfer} waits for a block, as the service tells it": (
        "サービスによれば送金 {transfer} はブロックを待っています"
    ),
    "transfer {transfer} was replaced by {by}, as the service tells it": (
        "サービスによれば送金 {transfer} は {by} に置き換えられました"
    ),
    "transfer {transfer} was signed and is not seen on the chain; the service says: {state}": (
        "送金 {transfer} は署名されましたが、チェーンに見えません。サービスの言う状態: {state}"
    ),
    "what": "内容",
    "what left": "出たもの",
    "{amount} to {to}": "{to} へ {amount}",
    "{count} things are wrong.": "{count} 件の誤りがあります。",
    "{device} (entry {entry}) and {other} signed two transactions for one request": (
        "{device}（項目 {entry}）と {other} は、一つの依頼に二つのトランザクションを署名しました"
    ),
    "{device} (entry {entry}) and {other} tell of the same session otherwise: {fields}": (
        "{device}（項目 {entry}）と {other} は、同じセッションを違うように記しています: {fields}"
    ),
    "{device} (entry {entry}) claims to remember of {of} what that device never signed": (
        "{device}（項目 {entry}）は、{of} が署名していないものを覚えていると称しています"
    ),
    "{device} (entry {entry}) started transfer {transfer}, and no device has its signatures": (
        "{device}（項目 {entry}）は送金 {transfer} を始めましたが、署名はどの端末にもありません"
    ),
    "{device} does not have the session of transfer {transfer}, in which {other} (entry {other_entry}) met it": (
        "{device} の日誌には、{other}（項目 {other_entry}）が出会った送金 {transfer} のセッションがありません"
    ),
    "{device} does not have the start of transfer {transfer}, which {other} (entry {other_entry}) finished "
    "with it": (
        "{device} の日誌には、{other}（項目 {other_entry}）が一緒に終えた送金 {transfer} の開始がありません"
    ),
    "{device} rewrote its journal: something in entries {entry} to {last} is not what it showed to "
    "{witnesses}": (
        "{device} は日誌を書き換えました: 項目 {entry} から {last} のどこかが、{witnesses} に見せたも"
        "のと違います"
    ),
    "{device} signed two journals that differ at entry {entry} or before; one was shown to {witnesses}": (
        "{device} は、項目 {entry} かその前で異なる二つの日誌に署名しました。一方を見たのは {witnesses} です"
    ),
    "{device}: entries {entry} to {last} are gone; it had shown them to {witnesses}": (
        "{device}: 項目 {entry} から {last} がなくなっています。{witnesses} には見せていました"
    ),
    "{device}: entries {entry} to {last} are missing": "{device}: 項目 {entry} から {last} がありません",
    "{device}: entries {entry} to {last} are more than the device says that it has": (
        "{device}: 項目 {entry} から {last} は、端末があると言う数を超えています"
    ),
    "{device}: entries {entry} to {last} were cut off: the device says that it has them": (
        "{device}: 項目 {entry} から {last} が切り落とされています。端末はあると言っています"
    ),
    "{device}: entry {entry} cannot be read": "{device}: 項目 {entry} を読み取れません",
    "{device}: entry {entry} is another than the session in which {other} (entry {other_entry}) was shown it": (
        "{device}: 項目 {entry} は、{other}（項目 {other_entry}）がそれを見たセッションのものではありません"
    ),
    "{device}: entry {entry} is not signed by the device": "{device}: 項目 {entry} は端末の署名ではありません",
    "{device}: entry {entry} is not the one that the device says is the last": (
        "{device}: 項目 {entry} は、端末が最後だと言うものではありません"
    ),
    "{device}: entry {entry} names an owner {credential} that the wallet does not have": (
        "{device}: 項目 {entry} は、このウォレットにいない所有者 {credential} を記しています"
    ),
    "{device}: entry {entry} stands where it does not belong": "{device}: 項目 {entry} の位置が正しくありません",
    "{device}: entry {entry} tells of other keys than this client verified": (
        "{device}: 項目 {entry} の鍵は、このクライアントが確かめたものと違います"
    ),
    "{device}: entry {entry} tells of signatures that it never started": (
        "{device}: 項目 {entry} は、始めていない署名を記しています"
    ),
    "{device}: entry {entry} was altered, or does not follow from the one before it": (
        "{device}: 項目 {entry} は書き換えられたか、前の項目に連なりません"
    ),
    "{device}: its journal does not have the birth of this wallet": (
        "{device}: 日誌にこのウォレットの誕生がありません"
    ),
    "{device}: the end of its journal is not signed by the device": "{device}: 日誌の末尾が端末の署名ではありません",
    "{device}: the service says that entry {entry} was another one; nobody signed that": (
        "{device}: サービスは項目 {entry} が別のものだったと言います。署名はありません"
    ),
    "{device}: {length} entries, head {head}": "{device}: {length} 件、先頭ハッシュ {head}",
    "{device}: {so_far} of {whole} entries": "{device}: {whole} 件のうち {so_far} 件",
    "{chain}: {so_far} of {whole} transactions": "{chain}: トランザクション {whole} 件のうち {so_far} 件",
    "{length} entries, head {head}": "{length} 件、先頭ハッシュ {head}",
    "{to} may take {amount}": "{to} が {amount} を引き出せる",
    # --- audits: notes and accounts ---
    "{device} does not have the spend of which {other} (entry {other_entry}) has its signed note": (
        "{device} の日誌には、{other}（項目 {other_entry}）がその署名付きの知らせを持つ支払いがありません"
    ),
    "transaction {txid} on {chain} carries the wallet's own signature, and no journal has it": (
        "{chain} のトランザクション {txid} にはこのウォレット自身の署名がありますが、どの日誌にもありません"
    ),
    "the backends of {chain} have no history of the wallet's first days: what left then was not checked": (
        "{chain} のバックエンドには、このウォレットの最初の時期の履歴がありません。"
        "その間に出ていったものは検査していません"
    ),
    "{count} transactions that name the account cannot be read, {txid} among them ({chain})": (
        "口座を挙げるトランザクションのうち {count} 件が読めません（{txid} など、{chain}）"
    ),
    "the service has no backend of {chain}": "サービスには {chain} のバックエンドがありません",
    "the account on {chain} made {sent} transactions, as the service tells it, and the journals have {signed}": (
        "サービスによれば {chain} の口座は {sent} 件のトランザクションを行いましたが、日誌には "
        "{signed} 件しかありません"
    ),
    # --- audits: rules ---
    "{device}: entry {entry} replaces rules that were not in force there": (
        "{device}: 項目 {entry} は、そこで有効でなかったルールを置き換えています"
    ),
    "{device}: entry {entry} was judged by rules that were not in force there": (
        "{device}: 項目 {entry} は、そこで有効でなかったルールで判断されています"
    ),
    "{device}: entry {entry} was started while it was frozen": "{device}: 項目 {entry} は、凍結中に始められています",
    "{device}: entry {entry} put a change in force that {other} knows to be vetoed": (
        "{device}: 項目 {entry} は、{other} が拒否されたと知っている変更を有効にしています"
    ),
    "{device} works by revision {revision} of the rules, others by {newest}": (
        "{device} のルールは第 {revision} 版で、ほかは第 {newest} 版です"
    ),
    # --- audits: rules known here ---
    "{device} works by revision {revision} of the rules, which this client does not know": (
        "{device} のルールは第 {revision} 版ですが、このクライアントはそれを知りません"
    ),
    "Add and remove owners of WALLET: a loosening, whichever it is. Without options, list them.": (
        "WALLET の所有者を加え、外します。どちらも緩める変更です。オプションがなければ一覧を示します。"
    ),
    "An owner as 'policy show' names it (repeat).": "'policy show' が示す名前の所有者（複数可）。",
    "Announce to every device that ADDRESS is going to be paid; with AMOUNT, that exactly so much is.": (
        "ADDRESS へ支払うことを、すべての端末に予告します。AMOUNT があれば、ちょうどその額を支払うことを"
        "予告します。"
    ),
    "Another owner changed the rules:": "別の所有者がルールを変更しました：",
    "Ask the connected devices of WALLET to sign again. It takes the passphrase and waits as every loosening "
    "does.": (
        "接続している WALLET の端末に、ふたたび署名するよう頼みます。パスフレーズが必要で、緩める変更と同"
        "じだけ待ちます。"
    ),
    "Bring this client's record, and devices of WALLET that are behind, to the rules in force.": (
        "このクライアントの記録と、遅れている WALLET の端末を、有効なルールに合わせます。"
    ),
    "By this client's record, revision {revision} is in force.": (
        "このクライアントの記録では、改訂 {revision} が有効です。"
    ),
    "Change the rules of {name}?": "{name} のルールを変更しますか？",
    "Compare a card's digest with its owner, aloud or on paper, before you add it: whoever it belongs to can "
    "approve from then on, and veto.": (
        "加える前に、カードのダイジェストを、口頭か紙で本人と照合してください。それ以降、その持ち主は承認"
        "し、拒否できます。"
    ),
    "Freeze WALLET at once on every device that hears it, and veto all that waits. No passphrase is asked.": (
        "聞いたすべての端末で WALLET をただちに凍結し、待っているものをすべて拒否します。パスフレーズは要"
        "りません。"
    ),
    "Is that right?": "これで正しいですか？",
    "It is in force at once on every device that hears it.": (
        "聞いたすべての端末で、ただちに有効になります。"
    ),
    "It is in force on no device before {moment}, and can be vetoed until then.": (
        "どの端末でも {moment} より前には有効にならず、それまで拒否できます。"
    ),
    "Nothing differs from what is in force.": "有効なものとの違いはありません。",
    "Of this token of the wallet's policy: its symbol or address.": (
        "ウォレットのポリシーにあるこのトークンについて：記号かアドレス。"
    ),
    "Replace the policy of WALLET by the one in FILE, after showing rule by rule what differs.": (
        "違いをルールごとに示してから、WALLET のポリシーを FILE のものに置き換えます。"
    ),
    "Show the rules of WALLET that are in force by this client's own record: owners, policy, revision.": (
        "このクライアント自身の記録で有効な WALLET のルール（所有者、ポリシー、改訂）を示します。"
    ),
    "Show what waits for WALLET and what was announced, as each device says it, and whether it is frozen.": (
        "WALLET について待っているもの、予告されたもの、凍結されているかを、端末ごとに示します。"
    ),
    "Shown with every refusal until the freeze ends; at most 200 characters.": (
        "凍結が終わるまで、拒否のたびに示されます。200 文字まで。"
    ),
    "Veto what waits for WALLET, or was announced, under ID (its beginning is enough): it does not happen.": (
        "WALLET について待っているもの、または予告されたものを、ID（先頭だけでよい）で拒否します。それは"
        "起こりません。"
    ),
    "What 'warifu credential export' wrote (repeat).": "'warifu credential export' が書いたもの（複数可）。",
    "What another owner changed is taken into the record where it bears that owner's signature and as many "
    "devices show it as can sign. A device that is behind is told what it missed; what loosens takes the "
    "passphrase, and waits there.": (
        "別の所有者の変更は、その署名があり、署名できる数の端末がそれを示すときに、記録に取り入れます。遅"
        "れている端末には、聞き逃したものを伝えます。緩めるものにはパスフレーズが必要で、その端末で待ちま"
        "す。"
    ),
    "Where every difference tightens, it holds at once, on your word alone. Where one loosens, or cannot be "
    "compared, the whole change takes the passphrase and waits on each device as long as the policy in force "
    "says; meanwhile any owner or any device can veto it ('warifu policy veto', 'warifu signer veto').": (
        "すべての違いが締めるものなら、あなたの言葉だけで、ただちに有効になります。一つでも緩めるもの、比"
        "べられないものがあれば、変更全体にパスフレーズが必要で、有効なポリシーが定める時間だけ各端末で待"
        "ちます。その間、どの所有者も、どの端末も拒否できます（'warifu policy veto'、'warifu signer "
        "veto'）。"
    ),
    "Where the policy asks for a notice, the wait begins on each device when it hears this. A payment that "
    "was announced is made once; a destination stays known. Any owner can veto either.": (
        "ポリシーが予告を求める場合、待ち時間は、各端末がこれを聞いたときに始まります。予告した支払いは一"
        "度だけ行えます。宛先は知られたままになります。どちらも、どの所有者でも拒否できます。"
    ),
    "Your word alone is enough, and no passphrase is asked. Every device remembers it, also one that hears "
    "of the thing itself only later.": (
        "あなたの言葉だけで足り、パスフレーズは要りません。どの端末もそれを覚えます。対象そのものを後から"
        "聞く端末も同じです。"
    ),
    "asked for here": "ここで依頼したもの",
    "asking the devices": "端末に尋ねています",
    "away: told when it comes": "不在：来たときに伝えます",
    "has rules that are on no record here: find out who changed them, or leave it out": (
        "ここの記録にないルールです：誰が変えたかを調べるか、この端末を外してください"
    ),
    "has the rules in force": "有効なルールです",
    "loosens": "緩める",
    "refused": "拒否",
    "revision": "改訂",
    "revision {revision}, not before {moment}": "改訂 {revision}、{moment} より前ではない",
    "state": "状態",
    "the same": "同じ",
    "tightens": "締める",
    "until {moment}": "{moment} まで",
    "was not reached": "届きませんでした",
    "was told, and has the rules in force": "伝え、有効なルールになりました",
    "was told, and waits": "伝え、待っています",
    # --- digits ---
    "Digits to compare": "見比べる数字",
    "Take the device NAME back into WALLET as it is, after you put an older backup of its disk back yourself.": (
        "自分で古いディスクのバックアップを戻した端末 NAME を、現在の状態のまま WALLET に復帰させます。"
    ),
    "Did you put an older disk of {name} back yourself?": "{name} の古いディスクを自分で戻しましたか？",
    "Now lift its freeze, on the device itself: 'warifu signer unfreeze'.": (
        "次に、その端末自身で凍結を解除してください: 'warifu signer unfreeze'。"
    ),
    "The other devices refuse it, because a thief's copy looks the same. They take its present state from now on, and "
    "tell it again what it forgot. Then lift its freeze, on the device itself: 'warifu signer unfreeze'.": (
        "他の端末は、盗まれた複製と見分けがつかないため、その端末を拒みます。このコマンドで以後は現在の状態を受け入れ、"
        "忘れたことをもう一度伝えます。そのあと、その端末自身で凍結を解除してください: 'warifu signer unfreeze'。"
    ),
    "Give all of them the rules of this client's record?": (
        "すべての端末に、このクライアントの記録にあるルールを渡しますか？"
    ),
    "Give every device the rules of this client's record again, whatever an owner's credential asked of it "
    "since.": (
        "その後どの所有者の資格情報が何を頼んだとしても、すべての端末に、このクライアントの記録にあるルー"
        "ルをふたたび渡す。"
    ),
    "With --restore, for devices that were told different things (by two owners at once, by a thief with a "
    "credential), all of them are given what is on record, as a new revision.": (
        "--restore を付けると、（二人の所有者が同時に、または資格情報を盗んだ者によって）別々のことを伝え"
        "られた端末すべてに、記録にあるものを新しい改訂として渡します。"
    ),
    "has rules of its own that too few devices have; see --restore": (
        "独自のルールで、同じ端末が足りません。--restore を参照"
    ),
    "While it is in force, {needed} of the wallet's {count} devices must be awake for whatever spends.": (
        "これが有効な間は、送金や、取引所での注文と出金のたびに、"
        "ウォレットの端末 {count} 台のうち {needed} 台が起動している必要があります。"
    ),
    # --- kinds of journal entries ---
    "born": "誕生",
    "owner joined": "所有者の登録",
    "device banned": "端末の排除",
    "ban lifted": "排除の解除",
    "device frozen": "端末の凍結",
    "device thawed": "端末の凍結解除",
    "secret handed out": "秘密の分配",
    "piece kept": "断片の保管",
    "piece released": "断片の引き渡し",
    "wallet pending": "ウォレットの準備",
    "wallet born": "ウォレットの誕生",
    "new shares kept": "新しい分散鍵の保管",
    "device accepted anew": "端末の再承認",
    "rules asked for": "ルール変更の申請",
    "rules changed": "ルールの変更",
    "payment announced": "支払いの予告",
    "vetoed": "拒否権の行使",
    "wallet frozen": "ウォレットの凍結",
    "unfreezing asked for": "凍結解除の申請",
    "wallet thawed": "ウォレットの凍結解除",
    "wrong passphrase": "パスフレーズの誤り",
    "session entered": "セッションへの参加",
    "peers' journals seen": "ほかの端末の日誌の確認",
    "signing started": "署名の開始",
    "signed": "署名の完了",
    "payment acknowledged": "支払いの確認",
    "payment noted": "支払いの記録",
    "exchange key born": "取引所の鍵の生成",
    "exchange account kept": "取引所口座の保管",
    "exchange account's key replaced": "取引所口座の鍵の交換",
    "exchange account removed": "取引所口座の削除",
    "refused, nobody's request": "拒否（だれの依頼でもない）",
    # --- audits: devices taken back ---
    "exchange asked": "取引所への要求",
    "exchange answered": "取引所の返答",
    "call at an exchange acknowledged": "取引所への要求の了知",
    "compared at the exchange": "取引所での照合",
}
