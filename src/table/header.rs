//! How tables name their columns, and when two spellings are one name.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Telephone numbers. Without spaces and signs, in lower case.
pub const PHONE: &[&str] = &[
    "phone",
    "mobile",
    "telephone",
    "tel",
    "number",
    "phonenumber",
    "mobilenumber",
    "mobilephone",
    "cell",
    "cellphone",
    "contactnumber",
    "电话",
    "电话号码",
    "手机",
    "手机号",
    "手机号码",
    "联系电话",
    "联络电话",
    "联系方式",
    "客户电话",
    "联系手机",
    "号码",
    "電話",
    "電話號碼",
    "手機",
    "手機號",
    "手機號碼",
    "聯繫電話",
    "聯絡電話",
    "客戶電話",
    "收件人电话",
    "车主电话",
    "患者电话",
    "业主电话",
];

/// Extensions behind a number. Without spaces and signs, in lower case.
pub const EXTENSION: &[&str] = &["extension", "ext", "分机", "分机号", "分機", "分機號"];

/// Names of customers. Without spaces and signs, in lower case.
pub const NAME: &[&str] = &[
    "name",
    "customer",
    "customername",
    "contact",
    "contactname",
    "fullname",
    "姓名",
    "客户姓名",
    "客户名称",
    "客户",
    "客户名",
    "联系人",
    "联络人",
    "名字",
    "称呼",
    "客戶姓名",
    "客戶名稱",
    "客戶",
    "聯繫人",
    "聯絡人",
    "收件人",
    "车主",
    "患者姓名",
    "业主姓名",
];

/// Prompt languages. Without spaces and signs, in lower case.
pub const LANGUAGE: &[&str] = &["language", "lang", "语言", "語言", "语种"];

/// Hours in which the customer must not be called. Without spaces and signs, in lower case.
pub const QUIET_HOURS: &[&str] =
    &["quiethours", "donotdisturb", "免打扰", "免打扰时间", "免打擾", "免打擾時間"];

/// Traditional characters that stand in names of columns, each before its simplified form.
const TRADITIONAL: &str = "電电話话號号碼码機机聯联繫系絡络戶户稱称編编單单運运歷历語语優优級级預预約约時时間间訪访撥拨計计劃划\
    擾扰車车業业購购買买賣卖貨货發发質质產产種种類类別别數数評评滿满內内備备註注記记錄录錶表務务員员師师設设門门樓楼\
    區区縣县鎮镇鄉乡街街郵邮寄寄結结帳账賬账款款項项實实際际應应該该開开關关閉闭進进裝装維维護护養养檢检測测\
    險险險险簽签證证書书術术醫医藥药護护療疗總总費费價价額额據据處处問问題题報报訂订貼贴標标條条確确認认經经\
    濟济現现場场見见親亲屬属貴贵賓宾點点體体圖图樣样規规尺尺寸寸滾滚動动燈灯廣广廠厂鋼钢鐵铁銀银錢钱齡龄\
    歲岁國国際际網网線线復复複复審审與与無无詢询談谈讓让許许轉转載载輪轮軟软硬硬較较輸输達达遲迟還还遺遗狀状態态帶带領领導导駕驾駛驶隊队責责";

/// Whether two names of columns are the same name.
pub fn same(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

/// Half-width, lower case, in simplified characters, without spaces and signs, and without
/// what stands in brackets: `手機號碼（必填）` is `手机号码`.
pub fn plain(name: &str) -> String {
    let name: String = name.nfkc().collect();
    let name = name.split_once('(').map_or(name.as_str(), |(before, _)| before);
    let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.map(simplified).collect()
}

/// Half-width and trimmed; what needs no change is not copied.
pub fn half_width(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text.trim());
    }
    let folded: String = text.nfkc().collect();
    Cow::Owned(folded.trim().to_owned())
}

fn simplified(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let mut pairs = TRADITIONAL.chars().filter(|c| !c.is_whitespace());
    while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
        if from == c {
            return to;
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_both_scripts_and_in_any_width() {
        for (a, b) in [
            ("客戶電話", "客户电话"),
            ("手機號碼（必填）", "手机号码"),
            ("Ｐｈｏｎｅ　Number", "phone_number"),
            (" 訂單編號：", "订单编号"),
            ("維修養護項目", "维修养护项目"),
            ("結算狀態", "结算状态"),
        ] {
            assert!(same(a, b), "{a} and {b}: {} {}", plain(a), plain(b));
        }
        assert!(!same("电话", "电话2"));
        assert_eq!(half_width("　１３６　０２３８ "), "136 0238");
    }

    #[test]
    fn traditional_characters_stand_in_pairs() {
        let all: Vec<char> = TRADITIONAL.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(all.len() % 2, 0);
        assert_eq!(simplified('號'), '号');
    }
}
